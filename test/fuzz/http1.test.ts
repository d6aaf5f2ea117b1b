/**
 * Random requests and responses, made of good pieces and spoilt. What must hold for all of them: the core does not trap, nothing leaks, cutting
 * changes nothing, what goes on means the same to whoever reads it next, and Node's parser, where it accepts the same bytes, sees the same
 * messages. A finding becomes a vector (test/vectors/http1).
 *
 *   FUZZ_MS=60000 FUZZ_SEED=7 npx vitest run test/fuzz/http1.test.ts
 */

import { createServer, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { answer, Bench, feedPieces, type Message, quote, Recorder } from "../support/http1_recorder.ts";
import { runVector } from "../support/http1_run.ts";
import { randomNumbers } from "../support/random.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? 20_261_124);
const TIME_MS = Number(process.env["FUZZ_MS"] ?? 1_500);

const bench = new Bench();
console.info(`fuzz/http1: FUZZ_SEED=${SEED} FUZZ_MS=${TIME_MS}`);

const START_LINES = [
  "GET / HTTP/1.1",
  "POST /a?b=c HTTP/1.1",
  "HEAD http://x/y HTTP/1.1",
  "OPTIONS * HTTP/1.1",
  "PUT /a HTTP/1.0",
  "CONNECT h:80 HTTP/1.1",
  "DELETE /%zz//.. HTTP/1.1",
];
const STATUS_LINES = [
  "HTTP/1.1 200 OK",
  "HTTP/1.1 204 No",
  "HTTP/1.0 304",
  "HTTP/1.1 100 C",
  "HTTP/1.1 101 S",
  "HTTP/1.1 503 \xff",
];
const LINES = [
  "Host: h",
  "Host: h:80",
  "Content-Length: 5",
  "Content-Length: 0",
  "Content-Length:  05 ",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding:\tChunked",
  "Connection: close",
  "Connection: keep-alive, Upgrade",
  "Upgrade: websocket",
  "Expect: 100-continue",
  "X: y",
  "X-Long-Name-Of-A-Field: with a value that is longer than one vector of bytes",
  "A: b\r\n c",
  "_: \t\xff\t",
];
const BODIES = [
  "",
  "hello",
  "5\r\nhello\r\n0\r\n\r\n",
  "A;x=1\r\n0123456789\r\n1\r\n!\r\n0\r\nT: r\r\n\r\n",
  "0\r\n\r\n",
  "5\r\nhel",
];
const SPOILERS = [
  "\r",
  "\n",
  "\r\n",
  "\0",
  "\x01",
  "\x7f",
  "\xff",
  " ",
  "\t",
  ":",
  ";",
  ",",
  "0",
  "f",
  "-",
  "+",
  "_",
  "#",
  "\x0b",
  "\r\n ",
  "\r\n\r\n",
];

class Maker {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = randomNumbers(seed);
  }

  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  requests(): Buffer {
    let text = "";
    for (let i = this.below(3); i >= 0; i--) text += this.message(START_LINES, "Host: h\r\n");
    return Buffer.from(this.spoil(text), "latin1");
  }

  response(): Buffer {
    return Buffer.from(this.spoil(this.message(STATUS_LINES, "")), "latin1");
  }

  cuts(length: number): number[] {
    const cuts = Array.from({ length: this.below(5) }, () => 1 + this.below(Math.max(length - 1, 1)));
    return [...new Set(cuts)].sort((a, b) => a - b).filter((cut) => cut < length);
  }

  private pick(from: readonly string[]): string {
    return from[this.below(from.length)] as string;
  }

  private message(startLines: readonly string[], first: string): string {
    const lines = Array.from({ length: this.below(4) }, () => `${this.pick(LINES)}\r\n`).join("");
    return `${this.pick(startLines)}\r\n${first}${lines}\r\n${this.pick(BODIES)}`;
  }

  /** Inserts, replaces, removes or doubles at a few places; often at none. */
  private spoil(text: string): string {
    let spoilt = text;
    for (let i = this.below(4); i > 0; i--) {
      const at = this.below(spoilt.length + 1);
      const what = this.below(4);
      const behind = what === 0 ? at : at + 1;
      const piece =
        what === 2 ? "" : what === 3 ? spoilt.slice(at, at + this.below(20)).repeat(2) : this.pick(SPOILERS);
      spoilt = spoilt.slice(0, at) + piece + spoilt.slice(behind);
    }
    return spoilt;
  }
}

/** Runs cases until the time is over. */
async function fuzz(salt: number, test: (make: Maker) => void | Promise<void>): Promise<void> {
  const make = new Maker(SEED + salt);
  const end = performance.now() + TIME_MS;
  let cases = 0;
  do {
    await test(make);
    cases++;
  } while (performance.now() < end);
  expect(cases).toBeGreaterThan(10);
}

interface Wire {
  readonly method: string;
  readonly target: string;
  readonly content: string;
}

/** The requests that our server's side reads; each as it would go on, encoded by the client's side. */
function readOurs(bytes: Buffer): { messages: Message[]; error: string } {
  const codec = bench.server({ enableTrailers: true });
  const recorder = new Recorder(bench);
  codec.listener = recorder;
  recorder.onComplete = (streamId) => answer(bench, codec, streamId);
  feedPieces(bench, codec, recorder, bytes, []);
  codec.close();
  return { messages: recorder.messages.filter((message) => message.isComplete), error: recorder.error };
}

function encode(message: Message): Buffer {
  const codec = bench.client({ enableTrailers: true });
  const pieces: Buffer[] = [];
  const keep = (length: number) => {
    expect(length).toBeGreaterThanOrEqual(0);
    pieces.push(Buffer.from(bench.core.bytes.subarray(bench.out, bench.out + length)));
  };
  const isBare = message.content.length === 0 && message.trailers === null && !value(message, "transfer-encoding");
  // As the connection manager forwards it: what is between two hops stays there.
  const hop = new Set(["transfer-encoding", "connection", "upgrade", "expect"]);
  const block = bench.block(message.head.fields.filter(([name]) => !hop.has(name)));
  keep(codec.encodeHeaders(codec.startStream(), block, isBare, 0, bench.out, bench.room));
  bench.core.exports.blockFree(block);
  if (!isBare) {
    const address = bench.place(message.content);
    keep(codec.encodeData(1, address, message.content.length, message.trailers === null, bench.out, bench.room));
  }
  if (message.trailers !== null) {
    const trailers = bench.block(message.trailers);
    keep(codec.encodeTrailers(1, trailers, bench.out, bench.room));
    bench.core.exports.blockFree(trailers);
  }
  codec.close();
  return Buffer.concat(pieces);
}

function value(message: Message, name: string): string | undefined {
  return message.head.fields.find(([key]) => key === name)?.[1];
}

function wireOf(message: Message): Wire {
  return {
    method: value(message, ":method") ?? "",
    target: value(message, ":path") ?? "",
    content: message.content.toString("latin1"),
  };
}

/** Both ends of a connection in memory. What the server writes is thrown away. */
class Pipe extends Duplex {
  override _read(): void {}
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
}

/** The requests that Node's own server reads from the bytes. */
async function readNodes(bytes: Buffer): Promise<Wire[]> {
  const complete: Wire[] = [];
  const server = createServer({ requireHostHeader: false }, (request: IncomingMessage, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const content = Buffer.concat(pieces).toString("latin1");
      complete.push({ method: request.method ?? "", target: request.url ?? "", content });
      response.end();
    });
    request.on("error", () => {});
  });
  server.on("clientError", () => {});
  server.on("checkContinue", (request, response) => server.emit("request", request, response));
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  server.on("connect", () => {});
  server.on("upgrade", () => {});
  const pipe = new Pipe();
  pipe.on("error", () => {});
  server.emit("connection", pipe);
  pipe.push(bytes);
  pipe.push(null);
  // Its parser runs in this turn and its streams end in the next ones.
  for (let turn = 0; turn < 3; turn++) await new Promise((done) => setImmediate(done));
  pipe.destroy();
  return complete;
}

describe("HTTP/1 under random bytes", () => {
  it("tells the same however requests are cut", async () => {
    await fuzz(1, (make) => {
      const bytes = make.requests();
      const vector = {
        options: { side: "request", settings: { acceptHttp10: true, enableTrailers: true } },
        bytes,
      } as const;
      const cuts = make.cuts(bytes.length);
      expect(runVector(bench, vector, cuts), `${quote(bytes.toString("latin1"))} cut at ${cuts}`).toEqual(
        runVector(bench, vector, []),
      );
    });
  });

  it("tells the same however responses are cut", async () => {
    await fuzz(2, (make) => {
      const bytes = make.response();
      const options = { side: "response", fin: true, settings: { enableTrailers: true } } as const;
      const cuts = make.cuts(bytes.length);
      expect(runVector(bench, { options, bytes }, cuts), `${quote(bytes.toString("latin1"))} cut at ${cuts}`).toEqual(
        runVector(bench, { options, bytes }, []),
      );
    });
  });

  it("passes on what it read: whoever reads it next sees the same", async () => {
    await fuzz(3, (make) => {
      const bytes = make.requests();
      for (const message of readOurs(bytes).messages) {
        const wire = encode(message);
        const again = readOurs(wire);
        const about = `${quote(bytes.toString("latin1"))} went on as ${quote(wire.toString("latin1"))}`;
        expect(again.error, about).toBe("");
        expect(again.messages.map(wireOf), about).toEqual([wireOf(message)]);
        // What is canonical stays as it is.
        expect(encode(again.messages[0] as Message).toString("latin1"), about).toBe(wire.toString("latin1"));
      }
    });
  });

  it("sees no other requests than Node's parser in bytes that both accept", async () => {
    let compared = 0;
    await fuzz(4, async (make) => {
      const bytes = make.requests();
      const ours = readOurs(bytes).messages.map(wireOf);
      const nodes = await readNodes(bytes);
      // Node keeps the absolute form; ours is a path.
      for (let i = 0; i < Math.min(ours.length, nodes.length); i++) {
        compared++;
        const about = quote(bytes.toString("latin1"));
        const theirs = nodes[i] as Wire;
        expect(ours[i], about).toEqual({ ...theirs, target: theirs.target.replace(/^https?:\/\/[^/?]*/i, "") || "/" });
      }
    });
    expect(compared).toBeGreaterThan(10);
  });
});

afterAll(() => {
  expect(bench.core.exports.blocksLive(), "header blocks that nobody freed").toBe(0);
  expect(bench.core.exports.http1Live(), "connections that nobody closed").toBe(0);
});
