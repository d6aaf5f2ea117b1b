// As people try it: curl, with its own ideas of HTTP.
import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { httpConfig, route } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { httpUpstream } from "./support/upstream.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;
if (!hasCurl) console.log("skipped: no curl on this machine");

const BODY = randomBytes(3_000_000);
const digest = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest("hex");

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request);
  if (request.url === "/file") return void response.end(BODY);
  response.end(`${request.method} ${request.url} ${body.length} ${digest(body)}`);
}

/** What curl writes to standard output. Not synchronous: the upstream lives in this process. */
function curl(...args: string[]): Promise<string> {
  const child = spawn("curl", ["--silent", "--show-error", "--max-time", "10", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  const take = (chunk: Buffer) => {
    text += chunk;
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  return new Promise((resolve, reject) => {
    child.on("close", (code) => (code === 0 ? resolve(text) : reject(new Error(`curl: exit code ${code}\n${text}`))));
  });
}

describe.skipIf(!hasCurl).each(NETS)("curl over %s sockets", (net) => {
  let front: RunningProxy;

  beforeAll(async () => {
    const upstream = await httpUpstream(afterAll, (request, response) => void answer(request, response));
    const routes = [{ match: { prefix: "/moved" }, redirect: { path_redirect: "/here" } }, route("/", "a")];
    front = await startProxy(afterAll, httpConfig({ routes, clusters: { a: upstream.port } }), { net });
  });

  it("gets several pages over one connection", async () => {
    const urls = ["/a", "/b", "/c"].map((path) => front.url + path);
    const format = ["--write-out", " %{http_version} %{num_connects}\n"];
    const text = await curl(...format, ...urls);
    const none = digest(Buffer.alloc(0));
    expect(text).toBe(`GET /a 0 ${none} 1.1 1\nGET /b 0 ${none} 1.1 0\nGET /c 0 ${none} 1.1 0\n`);
  });

  it("follows a redirect", async () => {
    expect(await curl("--location", `${front.url}/moved`)).toMatch(/^GET \/here /);
  });

  it("uploads with a length, after 100 (Continue), and in chunks, and downloads", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "body");
    writeFileSync(file, BODY);
    const wanted = `${BODY.length} ${digest(BODY)}`;
    expect(await curl("--data-binary", `@${file}`, `${front.url}/up`)).toBe(`POST /up ${wanted}`);
    const expecting = ["--header", "expect: 100-continue", "--upload-file", file];
    expect(await curl(...expecting, `${front.url}/up`)).toBe(`PUT /up ${wanted}`);
    const chunked = ["--header", "transfer-encoding: chunked", "--upload-file", file];
    expect(await curl(...chunked, `${front.url}/up`)).toBe(`PUT /up ${wanted}`);
    const copy = join(folder, "copy");
    await curl("--output", copy, `${front.url}/file`);
    expect(digest(readFileSync(copy))).toBe(digest(BODY));
  });

  it("asks for a head, and speaks HTTP/1.0 where it is allowed", async () => {
    expect(await curl("--head", `${front.url}/x`)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    // Envoy's default: HTTP/1.0 is told to upgrade.
    expect(await curl("--http1.0", "--write-out", "%{http_code}", `${front.url}/x`)).toMatch(/426$/);
  });
});
