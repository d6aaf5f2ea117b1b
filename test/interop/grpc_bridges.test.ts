// Clients and servers that do not speak gRPC over HTTP/2, through the filters that translate, against grpc-js.

import { execFile, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpConfig, loopback, ROUTER } from "../e2e/support/config.ts";
import { type RunningProxy, startProxy } from "../e2e/support/proxy.ts";
import { frame } from "../support/grpc_bench.ts";
import { EchoClient, type EchoServer, echoServer } from "../support/grpc_service.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const ends: (() => Promise<void>)[] = [];
const whenOver = (end: () => Promise<void>) => void ends.push(end);
const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const FILTERS = "type.googleapis.com/envoy.extensions.filters.http";

let server: EchoServer;
beforeAll(async () => {
  server = await echoServer(whenOver);
});
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

/** A proxy with one filter before the router, in front of a port. */
async function through(
  name: string,
  type: string,
  fields: object,
  port: number,
  http: "1" | "2",
): Promise<RunningProxy> {
  const filter = {
    name: `envoy.filters.http.${name}`,
    typed_config: { "@type": `${FILTERS}.${name}.v3.${type}`, ...fields },
  };
  const explicit = http === "2" ? { http2_protocol_options: {} } : { http_protocol_options: {} };
  const upstream = {
    load_assignment: {
      cluster_name: "u",
      endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(port) } }] }],
    },
    typed_extension_protocol_options: {
      [HTTP_OPTIONS]: { "@type": `type.googleapis.com/${HTTP_OPTIONS}`, explicit_http_config: explicit },
    },
  };
  const routes = [{ match: { prefix: "/" }, route: { cluster: "u", timeout: "0s" } }];
  return startProxy(
    whenOver,
    httpConfig({ routes, clusters: { u: upstream }, manager: { http_filters: [filter, ROUTER] } }),
  );
}

async function post(url: string, contentType: string, body: string, accept = "*/*") {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": contentType, accept },
    body: Buffer.from(body, "latin1"),
  });
  return { answer, text: Buffer.from(await answer.arrayBuffer()).toString("latin1") };
}

describe("HTTP/1.1 clients of a server of gRPC", () => {
  it("are told by the head, through grpc_http1_bridge", async () => {
    const { url } = await through("grpc_http1_bridge", "Config", { upgrade_protobuf_to_grpc: true }, server.port, "2");
    const fine = await post(`${url}/test.Echo/Unary`, "application/grpc", frame("hello"));
    expect([fine.answer.status, fine.answer.headers.get("grpc-status"), fine.text]).toEqual([200, "0", frame("hello")]);
    const failed = await post(`${url}/test.Echo/Unary`, "application/x-protobuf", "fail");
    expect([failed.answer.status, failed.answer.headers.get("grpc-status"), failed.text]).toEqual([503, "9", ""]);
    const bare = await post(`${url}/test.Echo/Unary`, "application/x-protobuf", "hello");
    expect([bare.answer.headers.get("content-length"), bare.text]).toEqual(["5", "hello"]);
  });

  it("get a stream of messages and the trailers behind it, through grpc_web", async () => {
    const { url } = await through("grpc_web", "GrpcWeb", {}, server.port, "2");
    const { answer, text } = await post(`${url}/test.Echo/Repeat`, "application/grpc-web+proto", frame("1000 100"));
    expect(answer.headers.get("content-type")).toBe("application/grpc-web+proto");
    expect(text.slice(0, 5)).toBe(frame("x".repeat(100)).slice(0, 5));
    const trailers = text.slice(1000 * 105);
    expect(trailers.charCodeAt(0)).toBe(0x80);
    expect(trailers).toContain("grpc-status:0\r\n");
    const asked = Buffer.from(frame("hello"), "latin1").toString("base64");
    const base64 = await post(
      `${url}/test.Echo/Unary`,
      "application/grpc-web-text",
      asked,
      "application/grpc-web-text",
    );
    expect(base64.text.startsWith(asked)).toBe(true);
  });
});

describe("a client of gRPC at a server of HTTP/1.1", () => {
  it("is understood through grpc_http1_reverse_bridge", async () => {
    const upstream = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece) => pieces.push(piece));
      request.on("end", () => {
        const body = Buffer.concat(pieces);
        response.writeHead(body.toString() === "fail" ? 403 : 200, { "content-type": "application/x-protobuf" });
        response.end(body);
      });
    });
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    whenOver(() => new Promise((resolve) => upstream.close(() => resolve())));
    const { port } = upstream.address() as AddressInfo;
    const fields = { content_type: "application/x-protobuf", withhold_grpc_frames: true };
    const proxy = await through("grpc_http1_reverse_bridge", "FilterConfig", fields, port, "1");
    const client = new EchoClient(proxy.port, whenOver);
    expect((await client.unary("hello")).message?.toString()).toBe("hello");
    expect((await client.unary("x".repeat(100_000))).message?.length).toBe(100_000);
    expect((await client.unary("fail")).error?.code).toBe(grpc.status.PERMISSION_DENIED);
  });
});

const hasGrpcurl = spawnSync("grpcurl", ["-version"]).status === 0;
if (!hasGrpcurl) console.log("skipped: grpcurl is not installed");

it.skipIf(!hasGrpcurl)("grpcurl gets its answer", async () => {
  const proxy = await through("grpc_stats", "FilterConfig", {}, server.port, "2");
  const folder = temporaryFolder();
  const service = "service Echo { rpc Unary(Nothing) returns (Nothing); }";
  writeFileSync(join(folder, "echo.proto"), `syntax = "proto3"; package test; message Nothing {} ${service}`);
  const args = [
    "-plaintext",
    "-import-path",
    folder,
    "-proto",
    "echo.proto",
    `127.0.0.1:${proxy.port}`,
    "test.Echo/Unary",
  ];
  const { stdout } = await promisify(execFile)("grpcurl", args, { timeout: 20_000 });
  expect(JSON.parse(stdout)).toEqual({});
});
