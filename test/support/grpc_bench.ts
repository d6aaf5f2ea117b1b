/** A simulated proxy with one filter of gRPC before the router, a client of HTTP/1.1 with trailers, and an upstream that answers as it is told. */

import { networkFilters } from "../../filters/registry.ts";
import { httpConfig, ROUTER, route } from "../e2e/support/config.ts";
import type { FarEnd } from "./far_end.ts";
import { field, type Message } from "./http_messages.ts";
import { SimulatedProxy } from "./simulated_proxy.ts";

export const FILTERS = "envoy.extensions.filters.http";
const ENABLE_TRAILERS = { enable_trailers: true };

/** A message of gRPC: prefix and content. */
export function frame(content: string, flags = 0): string {
  const length = content.length;
  return String.fromCharCode(flags, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255) + content;
}

/** A message of HTTP in chunks, with trailers. */
export function chunked(
  head: string,
  pieces: readonly string[],
  trailers: Readonly<Record<string, string>> = {},
): string {
  const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join("");
  const lines = Object.entries(trailers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${head}transfer-encoding: chunked\r\n\r\n${chunks}0\r\n${lines.join("")}\r\n`;
}

/** The answer of a server of gRPC. */
export function answer(pieces: readonly string[], trailers: Readonly<Record<string, string>>): string {
  return chunked("HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\n", pieces, trailers);
}

export class GrpcBench {
  readonly proxy: SimulatedProxy;
  /** What the upstream says to each request that has come whole. */
  answer = answer([], { "grpc-status": "0" });
  upstream: FarEnd | null = null;

  private constructor(proxy: SimulatedProxy) {
    this.proxy = proxy;
  }

  /** @param filter name below `envoy.filters.http`, full type below `FILTERS`, config */
  static async start(name: string, type: string, config: object = {}, routes: object[] = []): Promise<GrpcBench> {
    const filter = {
      name: `envoy.filters.http.${name}`,
      typed_config: { "@type": `type.googleapis.com/${FILTERS}.${name}.v3.${type}`, ...config },
    };
    const upstream = {
      http_protocol_options: ENABLE_TRAILERS,
      load_assignment: {
        cluster_name: "u",
        endpoints: [
          { lb_endpoints: [{ endpoint: { address: { socket_address: { address: "127.0.0.1", port_value: 9001 } } } }] },
        ],
      },
    };
    const proxy = await SimulatedProxy.start(
      httpConfig({
        routes: [...routes, route("/", "u")],
        clusters: { u: upstream },
        manager: { http_protocol_options: ENABLE_TRAILERS, http_filters: [filter, ROUTER] },
      }),
      { networkFilters },
    );
    const bench = new GrpcBench(proxy);
    await proxy.upstream(9001, (end) => {
      bench.upstream = end;
      end.whenRead = () => {
        if (end.messages.at(-1)?.isComplete) end.send(bench.answer);
      };
    });
    return bench;
  }

  /** A request in chunks, each of them read for itself. */
  call(contentType: string, pieces: readonly string[], more = "", path = "/p.S/M"): Message {
    const client = this.proxy.request(
      `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: ${contentType}\r\n${more}transfer-encoding: chunked\r\n\r\n`,
    );
    for (const piece of pieces) {
      client.send(`${piece.length.toString(16)}\r\n${piece}\r\n`);
      this.proxy.settle();
    }
    client.send("0\r\n\r\n");
    this.proxy.settle();
    return client.message;
  }

  /** The last request that the upstream got. */
  get seen(): Message {
    return this.upstream?.messages.at(-1) as Message;
  }

  /** What must be at rest when all is over. */
  leftovers(): string[] {
    this.proxy.advance(4_000_000);
    return this.proxy.leftovers();
  }
}

/** Status, these fields, body and trailers of a message. */
export function summary(message: Message, ...names: string[]): unknown[] {
  return [
    message.status,
    ...names.map((name) => field(message, name)),
    message.body.toString("latin1"),
    Object.fromEntries(message.trailers),
  ];
}
