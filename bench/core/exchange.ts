/** The core alone, without sockets: what parsing and writing one HTTP/1.1 exchange costs, in pieces and as a whole. */
import { ConfigArena } from "../../host/wasm/config_arena.ts";
import type { Core } from "../../host/wasm/core.ts";
import { type ForwardParams, openForwardPeer, setDate, storeForwardParams } from "../../host/wasm/forward.ts";
import {
  CLIENT,
  END_STREAM,
  EVENT_DATA,
  EVENT_HEADERS,
  EVENT_RING_START,
  FORWARDED_BLOCK,
  OK,
  OUTPUT_SLAB_BYTES,
  OUTPUT_SLABS_START,
  READ_BUFFER_START,
  SERVER,
} from "../../host/wasm/layout.gen.ts";
import { expectedBody } from "../load/body.ts";

const SMALL_REQUEST = "GET /bytes/1024 HTTP/1.1\r\nHost: bench.example\r\n\r\n";

const BROWSER_REQUEST =
  "GET /bytes/1024 HTTP/1.1\r\nHost: bench.example:10000\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) bench/1.0\r\n" +
  "Accept: text/html,application/json;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n" +
  "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n";

const LARGE_REQUEST = BROWSER_REQUEST.replace(
  "\r\n\r\n",
  `\r\n${Array.from({ length: 60 }, (_, i) => `X-Field-Number-${i}: ${"value ".repeat(10)}${i}\r\n`).join("")}\r\n`,
);

const RESPONSE = Buffer.concat([
  Buffer.from(
    "HTTP/1.1 200 OK\r\nServer: bench-upstream\r\nDate: Tue, 24 Nov 2026 09:00:00 GMT\r\nContent-Type: text/plain\r\n" +
      'Content-Length: 1024\r\nCache-Control: no-cache\r\nETag: "5f3c-61a9"\r\n\r\n',
  ),
  expectedBody(1024),
]);

/** As a listener at the edge has it: the bench's own bootstrap. */
export const FORWARD: ForwardParams = {
  useRemoteAddress: true,
  xffNumTrustedHops: 0,
  skipXffAppend: false,
  generateRequestId: true,
  preserveExternalRequestId: false,
  alwaysSetRequestIdInResponse: false,
  appendXForwardedPort: false,
  serverHeaderTransformation: "OVERWRITE",
  forwardClientCertDetails: "SANITIZE",
  serverName: "envoy",
  via: "",
  userAgent: null,
  nodeId: "",
  scheme: "",
  localAddress: "127.0.0.1",
  internalRanges: [],
  internalUnixSockets: false,
};

/** One piece of work on the core; `run` does it once. */
export interface CoreCase {
  readonly name: string;
  /** Bytes that it reads. */
  readonly bytes: number;
  run(): void;
}

/** All cases, on the core given. Each leaves it as it found it, so any may run any number of times;
 * one block is kept for all of them. */
export function coreCases(core: Core): CoreCase[] {
  const { exports, bytes, words } = core;
  const server = exports.http1Open(SERVER, 60 * 1024, 100, 0);
  const client = exports.http1Open(CLIENT, 60 * 1024, 100, 0);
  const params = storeForwardParams(new ConfigArena(core), FORWARD);
  const peer = openForwardPeer(core, "127.0.0.1", 10_000, false);
  setDate(core, Date.now());
  const RING = EVENT_RING_START >> 2;

  /** Puts bytes where a socket's read would put them. Part of the cost in a bench, as the kernel's copy is in life. */
  function feed(connection: number, input: Uint8Array): number {
    bytes.set(input, READ_BUFFER_START);
    return exports.http1Feed(connection, READ_BUFFER_START, input.length);
  }

  /** The block of the one HEADERS event that must be first. */
  function takeHead(events: number): number {
    if (events < 1 || words[RING] !== EVENT_HEADERS) throw new Error(`no head, but event ${words[RING]}`);
    return words[RING + 1] as number;
  }

  function parseRequest(input: Uint8Array): void {
    exports.blockFree(takeHead(feed(server, input)));
    exports.http1Next(server);
  }

  function parseByteByByte(input: Uint8Array): void {
    let events = 0;
    for (let at = 0; at < input.length; at++) {
      words[READ_BUFFER_START >> 2] = input[at] as number;
      events = exports.http1Feed(server, READ_BUFFER_START, 1);
    }
    exports.blockFree(takeHead(events));
    exports.http1Next(server);
  }

  const keptHead = takeHead(feed(server, Buffer.from(BROWSER_REQUEST, "latin1")));
  exports.http1Next(server);

  /** A client connection reads no response without a request. */
  function writeRequestAndParseResponse(): void {
    exports.http1EncodeRequest(client, keptHead, END_STREAM, OUTPUT_SLABS_START, OUTPUT_SLAB_BYTES);
    exports.blockFree(takeHead(feed(client, RESPONSE)));
  }

  /** What a proxied request asks of the core, but for the route and the choice of a host. */
  function exchange(input: Uint8Array): void {
    let requestHead = takeHead(feed(server, input));
    if (exports.forwardRequest(requestHead, params, peer, 0) !== OK) throw new Error("the request was refused");
    requestHead = core.result(FORWARDED_BLOCK);
    exports.http1EncodeRequest(client, requestHead, END_STREAM, OUTPUT_SLABS_START, OUTPUT_SLAB_BYTES);
    let responseHead = takeHead(feed(client, RESPONSE));
    if (words[RING + 4] !== EVENT_DATA) throw new Error("no body behind the head");
    const from = words[RING + 5] as number;
    const length = words[RING + 6] as number;
    if (exports.forwardResponse(responseHead, params, requestHead, 0) !== OK)
      throw new Error("the response was refused");
    responseHead = core.result(FORWARDED_BLOCK);
    const written = exports.http1EncodeResponse(server, responseHead, 0, OUTPUT_SLABS_START, OUTPUT_SLAB_BYTES);
    const room = OUTPUT_SLAB_BYTES - written;
    exports.http1EncodeData(server, from, length, 1, OUTPUT_SLABS_START + written, room);
    exports.blockFree(requestHead);
    exports.blockFree(responseHead);
    exports.http1Next(server);
  }

  const request = (name: string, text: string, run: (input: Uint8Array) => void): CoreCase => {
    const input = Buffer.from(text, "latin1");
    return { name, bytes: input.length, run: () => run(input) };
  };
  return [
    request("parse a request of 2 lines", SMALL_REQUEST, parseRequest),
    request("parse a browser's request", BROWSER_REQUEST, parseRequest),
    request("the same, byte by byte", BROWSER_REQUEST, parseByteByByte),
    request("parse 65 fields", LARGE_REQUEST, parseRequest),
    {
      name: "write a request, parse a response of 1 KiB",
      bytes: RESPONSE.length,
      run: writeRequestAndParseResponse,
    },
    {
      name: "whole exchange: parse, forward, write",
      bytes: BROWSER_REQUEST.length + RESPONSE.length,
      run: request("", BROWSER_REQUEST, exchange).run,
    },
  ];
}

/** Blocks that are alive: a case that leaks one is wrong. */
export function liveBlocks(core: Core): number {
  return core.exports.blocksLive();
}
