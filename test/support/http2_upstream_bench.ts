/** A proxy in front of upstreams that speak HTTP/2, on virtual time: what tests of both have in common. */

import { expect } from "vitest";
import { networkFilters } from "../../filters/registry.ts";
import { assignment, http2Options, httpConfig, route } from "../e2e/support/config.ts";
import type { FarEnd } from "./far_end.ts";
import type { Settings } from "./http2_bench.ts";
import { fieldOf, type HeardStream, type Http2UpstreamEnd } from "./http2_upstream_end.ts";
import { SimulatedProxy } from "./simulated_proxy.ts";

export const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;
export const post = (path: string, length: number) =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n`;
export const statuses = (clients: readonly FarEnd[]) => clients.map(({ status }) => status);

export interface Wish {
  /** Http2ProtocolOptions. */
  readonly http2?: object;
  /** Other fields of HttpProtocolOptions. */
  readonly options?: object;
  readonly cluster?: object;
  readonly manager?: object;
  readonly far?: Settings;
  readonly routes?: readonly object[];
  /** Done with each connection of the upstream. */
  readonly prepare?: (end: Http2UpstreamEnd) => void;
}

export class Http2UpstreamBench {
  readonly proxy: SimulatedProxy;
  /** Connections to the upstream so far. */
  readonly ends: Http2UpstreamEnd[] = [];

  private constructor(proxy: SimulatedProxy) {
    this.proxy = proxy;
  }

  static async start({ http2 = {}, options = {}, cluster = {}, manager = {}, far = {}, routes, prepare }: Wish = {}) {
    const u = { load_assignment: assignment("u", [9001]), ...http2Options(http2, options), ...cluster };
    const config = httpConfig({ routes: routes ?? [route("/", "u")], clusters: { u }, manager });
    const bench = new Http2UpstreamBench(await SimulatedProxy.start(config, { networkFilters }));
    const accept = (end: Http2UpstreamEnd) => {
      bench.ends.push(end);
      prepare?.(end);
    };
    await bench.proxy.http2Upstream(9001, accept, far);
    return bench;
  }

  /** The latest connection. */
  get upstream(): Http2UpstreamEnd {
    return this.ends.at(-1) as Http2UpstreamEnd;
  }

  ask(...paths: string[]): FarEnd[] {
    return paths.map((path) => this.proxy.request(get(path)));
  }

  /** The stream of a path. */
  stream(path: string, end = this.upstream): HeardStream {
    const found = [...end.streams.values()].find(({ head }) => fieldOf(head, ":path") === path);
    if (found === undefined) throw new Error(`no stream for ${path}`);
    return found;
  }

  answer(path: string, body = path, end = this.upstream): void {
    end.answer(this.stream(path, end).id, body);
    this.proxy.settle();
  }

  /** A request that was answered, so that the peer's SETTINGS are there. */
  warm(): void {
    this.ask("/warm");
    this.answer("/warm");
  }

  /** All time passes; nobody may be left, and nobody may have heard what is no HTTP/2. */
  end(): void {
    const { ends, proxy } = this;
    proxy.advance(4_000_000);
    for (const end of ends) if (!end.isClosed) end.socket.close();
    proxy.settle();
    expect(ends.map(({ broken }) => broken).filter((line) => line !== "")).toEqual([]);
    expect(proxy.leftovers()).toEqual([]);
  }
}
