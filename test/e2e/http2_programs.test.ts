// HTTP/2 as people try it: curl, nghttp, h2load; and what a program that reloads or leaves does to those who use it.
import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2";
import { join, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { exitCode, startProgram } from "../support/program.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { httpConfig, loopback, route } from "./support/config.ts";
import { ask, http2Session } from "./support/http2_client.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { httpUpstream } from "./support/upstream.ts";

const BODY = randomBytes(3_000_000);
const digest = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest("hex");

/** Whether a program is here; where it is not, that is said once. */
function has(program: string): boolean {
  const isHere = spawnSync(program, ["--version"]).status === 0;
  if (!isHere) console.log(`skipped: no ${program} on this machine`);
  return isHere;
}

/** What a program writes to standard output. Not synchronous: the upstream lives in this process. */
function run(program: string, ...args: string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], timeout: 15_000 });
  let text = "";
  const take = (chunk: Buffer) => {
    text += chunk;
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  return new Promise((done, fail) => {
    child.on("close", (code) => (code === 0 ? done(text) : fail(new Error(`${program}: exit code ${code}\n${text}`))));
  });
}

describe("a client of HTTP/2", () => {
  let front: RunningProxy;
  let secure: RunningProxy;

  beforeAll(async () => {
    const upstream = await httpUpstream(afterAll, async (request, response) => {
      const body = await buffer(request);
      response.end(`${request.method} ${request.url} ${body.length} ${digest(body)}`);
    });
    const config = httpConfig({ routes: [route("/", "a")], clusters: { a: upstream.port } });
    front = await startProxy(afterAll, config);
    const { certificate, key } = makeCertificate({ issuer: makeAuthority("ours") });
    const typed_config = {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
      common_tls_context: {
        alpn_protocols: ["h2", "http/1.1"],
        tls_certificates: [{ certificate_chain: { inline_string: certificate }, private_key: { inline_string: key } }],
      },
    };
    const copy = structuredClone(config) as { static_resources: { listeners: { filter_chains: object[] }[] } };
    for (const { filter_chains: chains } of copy.static_resources.listeners)
      for (const chain of chains) Object.assign(chain, { transport_socket: { name: "tls", typed_config } });
    secure = await startProxy(afterAll, copy);
  });

  it.skipIf(!has("curl"))("is curl, with prior knowledge and over TLS", async () => {
    const file = join(temporaryFolder(), "body");
    writeFileSync(file, BODY);
    const wanted = `${BODY.length} ${digest(BODY)} 2`;
    const curl = ["--silent", "--show-error", "--max-time", "10", "--write-out", " %{http_version}"];
    const up = ["--data-binary", `@${file}`];
    expect(await run("curl", ...curl, "--http2-prior-knowledge", ...up, `${front.url}/up`)).toBe(`POST /up ${wanted}`);
    const url = `https://127.0.0.1:${secure.port}/up`;
    expect(await run("curl", ...curl, "--http2", "--insecure", ...up, url)).toBe(`POST /up ${wanted}`);
    expect(await run("curl", ...curl, "--http1.1", "--insecure", url)).toMatch(/^GET \/up 0 .* 1\.1$/);
  });

  it.skipIf(!has("nghttp"))("is nghttp, many times at once, with padding and trailers", async () => {
    const file = join(temporaryFolder(), "body");
    writeFileSync(file, BODY.subarray(0, 100_000));
    const args = ["--data", file, "--padding", "100", "--multiply", "20", "--trailer", "x-end: 1"];
    const text = await run("nghttp", ...args, `${front.url}/many`);
    const one = `POST /many 100000 ${digest(BODY.subarray(0, 100_000))}`;
    expect(text.split(one)).toHaveLength(21);
  });

  it.skipIf(!has("h2load"))("is h2load: all of many requests succeed", async () => {
    for (const url of [`${front.url}/`, `https://127.0.0.1:${secure.port}/`]) {
      const text = await run("h2load", "-n", "2000", "-c", "4", "-m", "32", url);
      expect(text).toContain("2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout");
    }
  });
});

/** Asks and asks, on a new connection when the old one says goodbye, until it is told to stop; what a request became that was not answered. */
class Caller {
  answered = 0;
  readonly lost: string[] = [];
  private isOver = false;
  private readonly url: string;
  private readonly loops: Promise<void>[];

  constructor(url: string, connections: number, streams: number) {
    this.url = url;
    this.loops = Array.from({ length: connections }, () => this.callOn(streams));
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.loops);
  }

  private async callOn(streams: number): Promise<void> {
    while (!this.isOver) {
      const session = connectHttp2(this.url);
      let goesAway = false;
      session.on("goaway", () => {
        goesAway = true;
      });
      session.on("error", () => {
        goesAway = true;
      });
      const ends = () => this.isOver || goesAway || session.closed || session.destroyed;
      await Promise.all(Array.from({ length: streams }, () => this.call(session, ends)));
      session.close();
    }
  }

  private async call(session: ClientHttp2Session, ends: () => boolean): Promise<void> {
    while (!ends()) {
      const { status, code } = await ask(session, { ":path": "/" }).catch(() => ({ status: 0, code: -1 }));
      if (status === 200) this.answered++;
      // Refused, or never sent: another connection may carry it.
      else if (code !== constants.NGHTTP2_REFUSED_STREAM && !(status === 0 && ends()))
        this.lost.push(`${status} ${code}`);
    }
  }
}

describe("a proxy that changes under HTTP/2", () => {
  it("loses no request when its config is swapped", async () => {
    const upstream = await httpUpstream(onTestFinished, (_request, response) => void response.end("here"));
    const config = (name: string) => httpConfig({ routes: [route("/", name)], clusters: { [name]: upstream.port } });
    const front = await startProxy(onTestFinished, config("first"));
    const caller = new Caller(front.url, 2, 8);
    for (const name of ["second", "third", "fourth"]) {
      const before = caller.answered;
      await front.proxy.reload(config(name));
      await expect.poll(() => caller.answered, { timeout: 5_000 }).toBeGreaterThan(before + 100);
    }
    await caller.stop();
    expect(caller.lost).toEqual([]);
    // They were asked to leave.
    expect(await front.counter("http.front.downstream_cx_http2_total")).toBeGreaterThan(2);
  });

  it("answers what it has begun when it is told to leave, and leaves with 0", async () => {
    const arrived = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    let waiting = 0;
    const upstream = await httpUpstream(onTestFinished, (_request, response) => {
      if (++waiting === 5) arrived.resolve();
      void release.promise.then(() => response.end("at last"));
    });
    const bootstrap = { admin: { address: loopback(0) } };
    const config = httpConfig({
      routes: [route("/", "a", { timeout: "0s" })],
      clusters: { a: upstream.port },
      bootstrap,
    });
    const program = await startProgram(resolve("bin/nuncio"), JSON.stringify(config));
    const session = await http2Session(onTestFinished, `http://${program.listeners["front"]}`);
    const idle = await http2Session(onTestFinished, `http://${program.listeners["front"]}`);
    const idleIsGone = new Promise<void>((done) => idle.once("close", () => done()));
    const answers = Array.from({ length: 5 }, () => ask(session, { ":path": "/" }));
    await arrived.promise;
    const goodbye = new Promise<void>((done) => session.once("goaway", () => done()));
    program.child.kill("SIGTERM");
    await goodbye;
    await idleIsGone;
    expect(program.child.exitCode).toBeNull();
    release.resolve();
    expect((await Promise.all(answers)).map(({ status, text }) => [status, text])).toEqual(
      answers.map(() => [200, "at last"]),
    );
    expect(await exitCode(program)).toBe(0);
  });
});
