/**
 * The generator without a C compiler: the twin of load.c, same arguments, same commands, same answers, same refusal of
 * wrong work. It costs about three times as much CPU per request as the C one; the open loop spins while it waits,
 * because a timer of one millisecond would be the largest latency it measures.
 */
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { expectedBody } from "./body.ts";

const HEAD_MAX = 8192;
const SILENCE_MS = 20_000;
const HEAD_END = Buffer.from("\r\n\r\n");

const [port, connectionCount, path, bodyBytes] = process.argv.slice(2) as [string, string, string, string];
const body = expectedBody(Number(bodyBytes));
const request = Buffer.from(
  `GET ${path} HTTP/1.1\r\nHost: bench.example:${port}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) bench/1.0\r\n` +
    "Accept: text/html,application/json;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n" +
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n",
  "latin1",
);

/** Latency, rounded up to a microsecond and given in nanoseconds, to its count. */
let histogram = new Map<number, number>();
let onDone: (connection: Connection) => void = () => {};

function fail(what: string): never {
  console.log(JSON.stringify({ error: what }));
  process.exit(2);
}

const nanoseconds = () => Math.round(performance.now() * 1e6);

class Connection {
  #socket: Socket | undefined;
  #due = 0;
  #busy = false;
  #head: Buffer | undefined;
  #bodyAt = -1;

  send(due: number): void {
    this.#due = due;
    this.#busy = true;
    this.#head = undefined;
    this.#bodyAt = -1;
    this.#socket ??= this.#open();
    this.#socket.write(request);
  }

  #open(): Socket {
    const socket = connect({ port: Number(port), host: "127.0.0.1", noDelay: true });
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", () => fail("connection lost"));
    socket.on("close", () => fail("connection lost"));
    return socket;
  }

  #receive(chunk: Buffer): void {
    if (!this.#busy) fail("bytes without a request");
    const piece = this.#bodyAt < 0 ? this.#takeHead(chunk) : chunk;
    if (piece === undefined) return;
    if (piece.length > body.length - this.#bodyAt) fail("more bytes than the response has");
    if (piece.compare(body, this.#bodyAt, this.#bodyAt + piece.length) !== 0) fail("wrong byte in a body");
    this.#bodyAt += piece.length;
    if (this.#bodyAt < body.length) return;
    this.#busy = false;
    const latency = Math.ceil((nanoseconds() - this.#due) / 1000) * 1000;
    histogram.set(latency, (histogram.get(latency) ?? 0) + 1);
    onDone(this);
  }

  /** Gives what follows the head, or undefined when the head is not complete yet. */
  #takeHead(chunk: Buffer): Buffer | undefined {
    const head = this.#head === undefined ? chunk : Buffer.concat([this.#head, chunk]);
    const end = head.indexOf(HEAD_END);
    if (end < 0) {
      if (head.length > HEAD_MAX) fail("response head too long");
      this.#head = head;
      return undefined;
    }
    const text = head.toString("latin1", 0, end);
    if (!text.startsWith("HTTP/1.1 200 ")) fail("status is not 200");
    if (Number(/\r\ncontent-length:\s*(\d+)/i.exec(text)?.[1] ?? -1) !== body.length) fail("wrong content-length");
    this.#bodyAt = 0;
    return head.subarray(end + HEAD_END.length);
  }
}

const connections = Array.from({ length: Number(connectionCount) }, () => new Connection());

/** Starts with `begin`, goes on with `next` after each response until `count` are there, and prints the answer line. */
async function measure(count: number, begin: () => void, next: (connection: Connection) => void): Promise<void> {
  const start = nanoseconds();
  await new Promise<void>((resolve) => {
    let done = 0;
    let seen = -1;
    const watchdog = setInterval(() => {
      if (done === seen) fail("no response for 20 s");
      seen = done;
    }, SILENCE_MS);
    onDone = (connection) => {
      next(connection);
      if (++done < count) return;
      clearInterval(watchdog);
      resolve();
    };
    begin();
  });
  const elapsedNs = nanoseconds() - start;
  const buckets = [...histogram].sort((a, b) => a[0] - b[0]);
  console.log(JSON.stringify({ count, elapsedNs, histogram: buckets }));
  histogram = new Map();
}

/** Closed loop on `window` connections; with `each`, every connection has exactly one turn. */
function runClosed(count: number, window: number, each: boolean): Promise<void> {
  let sent = 0;
  const next = (connection: Connection | undefined) => {
    if (sent === count) return;
    const chosen = each || connection === undefined ? connections[sent] : connection;
    sent++;
    chosen?.send(nanoseconds());
  };
  const begin = () => {
    while (sent < Math.min(window, count)) next(undefined);
  };
  return measure(count, begin, next);
}

function runOpen(rate: number, count: number): Promise<void> {
  const interval = 1e9 / rate;
  const free = [...connections];
  let start = 0;
  let sent = 0;
  const sendDue = () => {
    const time = nanoseconds();
    while (sent < count && free.length > 0 && start + sent * interval <= time) {
      free.pop()?.send(start + sent++ * interval);
    }
    if (sent < count) setImmediate(sendDue);
  };
  const begin = () => {
    start = nanoseconds();
    sendDue();
  };
  return measure(count, begin, (connection) => free.push(connection));
}

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const [command, first, second] = line.split(" ");
  if (command === "closed") await runClosed(Number(first), connections.length, false);
  else if (command === "open") await runOpen(Number(first), Number(second));
  else if (command === "each") await runClosed(connections.length, Number(first), true);
  else fail("unknown command");
}
process.exit(0);
