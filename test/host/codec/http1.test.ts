/** The contract of codecs (host/codec/codec.ts), as HTTP/1 keeps it: order, ownership, re-entry, the ends of connections. */

import { afterEach, describe, expect, it } from "vitest";
import type { CodecListener } from "../../../host/codec/codec.ts";
import { describeError, HTTP1_ERRORS, isCutShort } from "../../../host/codec/http1_errors.ts";
import * as layout from "../../../host/wasm/layout.gen.ts";
import { answer, Bench, feedPieces, Recorder } from "../../support/http1_recorder.ts";

const bench = new Bench();
const { exports } = bench.core;

afterEach(() => {
  expect(exports.blocksLive(), "header blocks that nobody freed").toBe(0);
  expect(exports.http1Live(), "connections that nobody closed").toBe(0);
});

function feed(codec: { feed(address: number, length: number): void }, text: string): void {
  const bytes = Buffer.from(text, "latin1");
  codec.feed(bench.place(bytes), bytes.length);
}

/** A codec whose listener writes down, and answers nothing by itself. */
function server(settings = {}) {
  const codec = bench.server(settings);
  const recorder = new Recorder(bench);
  codec.listener = recorder;
  return { codec, recorder };
}

/** A client codec that waits for the answer to a GET. */
function asking(settings = {}) {
  const codec = bench.client(settings);
  const recorder = new Recorder(bench);
  codec.listener = recorder;
  ask(codec);
  return { codec, recorder };
}

function ask(codec: ReturnType<Bench["client"]>): number {
  const block = bench.block([
    [":method", "GET"],
    [":path", "/"],
    [":authority", "h"],
  ]);
  const streamId = codec.startStream();
  codec.encodeHeaders(streamId, block, true, 0, bench.out, bench.room);
  exports.blockFree(block);
  return streamId;
}

const GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

describe("pipelining", () => {
  it("tells the next request when the one before is answered", () => {
    const { codec, recorder } = server();
    feed(codec, GET + GET);
    expect(recorder.messages.length).toBe(1);
    expect(codec.wantsRead).toBe(false);
    answer(bench, codec, 1);
    expect(recorder.messages.length).toBe(2);
    expect(codec.wantsRead).toBe(true);
    codec.close();
  });

  it("answers thousands of requests of one read without recursion, in order", () => {
    const { codec, recorder } = server();
    const ids: number[] = [];
    let depth = 0;
    recorder.onComplete = (streamId) => {
      depth++;
      expect(depth).toBe(1);
      ids.push(streamId);
      answer(bench, codec, streamId);
      depth--;
    };
    const count = 1800;
    feedPieces(bench, codec, recorder, Buffer.from(GET.repeat(count)), []);
    expect(ids).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    codec.close();
  });

  it("keeps what a second read brought behind what waits", () => {
    const { codec, recorder } = server();
    feed(codec, `${GET}POST /2 HTTP/1.1\r\nHost: h\r\nContent-Len`);
    feed(codec, "gth: 5\r\n\r\nhel");
    feed(codec, "lo");
    answer(bench, codec, 1);
    expect(recorder.messages[1]?.content.toString()).toBe("hello");
    expect(recorder.messages[1]?.isComplete).toBe(true);
    codec.close();
  });

  it("bounds what waits", () => {
    const { codec, recorder } = server();
    feed(codec, GET);
    for (let i = 0; i < 3 && recorder.error === ""; i++) feed(codec, "x".repeat(65_536));
    expect(recorder.error).toBe("carried_too_much");
    codec.close();
  });

  it("answers what came before FIN", () => {
    const { codec, recorder } = server();
    feed(codec, GET + GET);
    codec.feedEnd();
    expect(recorder.error).toBe("");
    expect(codec.closeAfterResponse).toBe(false);
    answer(bench, codec, 1);
    expect(recorder.messages.length).toBe(2);
    expect(codec.closeAfterResponse).toBe(true);
    codec.close();
  });

  it("finds a cut in what waits when its turn comes", () => {
    const { codec, recorder } = server();
    feed(codec, `${GET}GET / HT`);
    codec.feedEnd();
    expect(recorder.error).toBe("");
    answer(bench, codec, 1);
    expect(recorder.error).toBe("cut_short");
    codec.close();
  });

  it("reads nothing behind Connection: close", () => {
    const { codec, recorder } = server();
    feed(codec, `GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n${GET}`);
    feed(codec, GET);
    expect(recorder.messages.length).toBe(1);
    expect(codec.wantsRead).toBe(true);
    expect(codec.closeAfterResponse).toBe(true);
    codec.close();
  });
});

describe("the head under way", () => {
  it("is told by headStarted", () => {
    const { codec } = server();
    expect(codec.headStarted).toBe(false);
    feed(codec, "\r\n");
    expect(codec.headStarted).toBe(false);
    feed(codec, "G");
    expect(codec.headStarted).toBe(true);
    feed(codec, GET.slice(1));
    expect(codec.headStarted).toBe(false);
    codec.close();
  });

  it("is given back when the connection closes", () => {
    const { codec } = server();
    feed(codec, `GET / HTTP/1.1\r\nX: ${"y".repeat(20_000)}`);
    expect(exports.blocksLive()).toBe(1);
    codec.close();
  });

  it("may come byte by byte up to its largest size", () => {
    const { codec, recorder } = server();
    const head = Buffer.from(`GET / HTTP/1.1\r\nHost: h\r\nX: ${"y".repeat(61_000)}\r\n\r\n`);
    const address = bench.place(head);
    for (let i = 0; i < head.length; i++) codec.feed(address + i, 1);
    expect(recorder.messages[0]?.head.fields[4]).toEqual(["x", "y".repeat(61_000)]);
    codec.close();
  });
});

describe("a listener inside its callbacks", () => {
  it("may close: nothing more is told, and nothing leaks", () => {
    const codec = bench.server({ enableTrailers: true });
    const told: string[] = [];
    codec.listener = {
      onHeaders: (_id, block) => {
        told.push("headers");
        exports.blockFree(block);
        codec.close();
      },
      onData: () => told.push("data"),
      onTrailers: () => told.push("trailers"),
      onError: () => told.push("error"),
    };
    feed(codec, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n");
    expect(told).toEqual(["headers"]);
    expect(codec.closeAfterResponse).toBe(true);
    expect(codec.headStarted).toBe(false);
    codec.proceed();
  });

  it("may feed another connection, whose events do not disturb its own", () => {
    const inner = server();
    const outer = bench.server({ enableTrailers: true });
    const recorder = new Recorder(bench);
    outer.listener = {
      onHeaders: (id, block, flags, code) => {
        recorder.onHeaders(id, block, flags, code);
        // Carried bytes of another connection are read here, in their own place.
        answer(bench, inner.codec, 1);
      },
      onData: (id, address, length, end) => recorder.onData(id, address, length, end),
      onTrailers: (id, block) => recorder.onTrailers(id, block),
      onError: (id, code, block) => recorder.onError(id, code, block),
    } satisfies CodecListener;
    feed(
      inner.codec,
      `${GET}POST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n1\r\ny\r\n0\r\n\r\n`,
    );
    feed(
      outer,
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nA: b\r\n\r\n",
    );
    expect(recorder.log().slice(-5)).toEqual([
      "  transfer-encoding: chunked",
      "content abcde",
      "trailers",
      "  a: b",
      "end",
    ]);
    expect(inner.recorder.log().slice(-2)).toEqual(["content xy", "end"]);
    inner.codec.close();
    outer.close();
  });

  it("owns the blocks", () => {
    const codec = bench.server();
    const blocks: number[] = [];
    codec.listener = {
      onHeaders: (_id, block) => blocks.push(block),
      onData: () => {},
      onTrailers: () => {},
      onError: () => {},
    };
    feed(codec, GET);
    codec.close();
    expect(exports.blocksLive()).toBe(1);
    for (const block of blocks) exports.blockFree(block);
  });
});

describe("a tunnel", () => {
  const ASK = "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";

  it("opened inside a callback begins behind the events under way", () => {
    const codec = bench.client();
    const told: string[] = [];
    codec.listener = {
      onHeaders: (id, block) => {
        exports.blockFree(block);
        codec.tunnel(id);
        told.push("head");
      },
      onData: (_id, address, length) => told.push(bench.text(address, length)),
      onTrailers: () => {},
      onError: () => told.push("error"),
    };
    const block = bench.block([
      [":method", "GET"],
      [":path", "/"],
      [":authority", "h"],
      ["connection", "upgrade"],
      ["upgrade", "x"],
    ]);
    codec.encodeHeaders(codec.startStream(), block, false, 0, bench.out, bench.room);
    exports.blockFree(block);
    feed(codec, "HTTP/1.1 101 S\r\n\r\nfirst");
    feed(codec, "second");
    expect(told).toEqual(["head", "first", "second"]);
    codec.close();
  });

  it("ends with the FIN that came before it was opened, behind what waited", () => {
    const { codec, recorder } = server();
    feed(codec, `${ASK}early`);
    codec.feedEnd();
    expect(recorder.error).toBe("");
    codec.tunnel(1);
    expect(recorder.log().slice(-2)).toEqual(["content early", "end"]);
    codec.close();
  });

  it("is not opened behind an error", () => {
    const { codec, recorder } = server();
    feed(codec, ASK);
    for (let i = 0; i < 3 && recorder.error === ""; i++) feed(codec, "x".repeat(65_536));
    codec.tunnel(1);
    expect(recorder.log().at(-1)).toBe("error carried_too_much");
    codec.close();
  });
});

describe("errors", () => {
  it("name the stream that they hit", () => {
    const codec = bench.server();
    const errors: number[] = [];
    codec.listener = {
      onHeaders: (_id, block) => exports.blockFree(block),
      onData: () => {},
      onTrailers: () => {},
      onError: (streamId) => errors.push(streamId),
    };
    feed(codec, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx");
    expect(errors).toEqual([1]);
    expect(codec.errorStreamId).toBe(1);
    codec.close();
    const second = bench.server();
    second.listener = {
      onHeaders: (_id, block) => {
        exports.blockFree(block);
        answer(bench, second, 1);
      },
      onData: () => {},
      onTrailers: () => {},
      onError: (streamId) => errors.push(streamId),
    };
    feed(second, `${GET}FOO / HTTP/1.1\r\n`);
    expect(errors).toEqual([1, 0]);
    expect(second.errorStreamId).toBe(2);
    second.close();
  });

  it("can be answered, and close the connection", () => {
    const { codec, recorder } = server();
    feed(codec, "GET / HTTP/1.1\r\n\r\n");
    expect(recorder.error).toBe("host_missing");
    expect(recorder.refused?.fields[1]).toEqual([":path", "/"]);
    const block = bench.block([[":status", "400"]]);
    const length = codec.encodeHeaders(codec.errorStreamId, block, true, 0, bench.out, bench.room);
    exports.blockFree(block);
    expect(bench.text(bench.out, length)).toBe(
      "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    expect(codec.closeAfterResponse).toBe(true);
    codec.close();
  });

  it("stop the reading", () => {
    const { codec, recorder } = server();
    feed(codec, "FOO / HTTP/1.1\r\n");
    recorder.error = "";
    feed(codec, GET);
    expect(recorder.messages.length).toBe(0);
    expect(recorder.error).toBe("");
    codec.close();
  });

  it("have one row for each code of the core", () => {
    const codes = Object.entries(layout).filter(([name]) => name.startsWith("H1_"));
    expect(codes.length).toBeGreaterThan(30);
    expect(HTTP1_ERRORS.map(({ code }) => code).sort()).toEqual(codes.map(([, code]) => code as number).sort());
    for (const [name, code] of codes) expect(describeError(code as number).rule).toBe(name.slice(3).toLowerCase());
    expect(() => describeError(0)).toThrow("none of HTTP/1");
    expect(isCutShort(layout.H1_CUT_SHORT)).toBe(true);
    expect(isCutShort(layout.H1_METHOD)).toBe(false);
  });

  it("answer when all header blocks are in use", () => {
    const taken: number[] = [];
    for (let block = exports.blockNew(0, 0); block !== 0; block = exports.blockNew(0, 0)) taken.push(block);
    const { codec, recorder } = server();
    feed(codec, GET);
    expect(recorder.error).toBe("no_block");
    codec.close();
    for (const block of taken) exports.blockFree(block);
  });
});

describe("the client's side", () => {
  it("takes one request at a time", () => {
    const { codec, recorder } = asking();
    expect(codec.startStream()).toBe(0);
    expect(codec.reusable).toBe(false);
    feed(codec, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    expect(recorder.messages[0]?.isComplete).toBe(true);
    expect(codec.reusable).toBe(true);
    expect(ask(codec)).toBe(2);
    feed(codec, "HTTP/1.1 204 No\r\n\r\n");
    expect(recorder.messages[1]?.isComplete).toBe(true);
    codec.close();
  });

  it("is not free before the request is sent whole", () => {
    const codec = bench.client();
    codec.listener = new Recorder(bench);
    const block = bench.block([
      [":method", "POST"],
      [":path", "/"],
      [":authority", "h"],
    ]);
    codec.encodeHeaders(codec.startStream(), block, false, 0, bench.out, bench.room);
    exports.blockFree(block);
    feed(codec, "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n");
    expect(codec.reusable).toBe(false);
    codec.encodeData(1, 0, 0, true, bench.out, bench.room);
    expect(codec.reusable).toBe(true);
    codec.close();
  });

  it.each([
    ["HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"],
    ["HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nx"],
    ["HTTP/1.1 200 OK\r\n\r\n"],
  ])("is not used again behind %j", (response) => {
    const { codec } = asking();
    feed(codec, response);
    expect(codec.reusable).toBe(false);
    codec.close();
  });

  it("knows that it is not free before its owner is told of the end", () => {
    const codec = bench.client();
    let reusable = true;
    codec.listener = {
      onHeaders: (_id, block) => {
        exports.blockFree(block);
        reusable = codec.reusable;
      },
      onData: () => {},
      onTrailers: () => {},
      onError: () => {},
    };
    ask(codec);
    feed(codec, "HTTP/1.1 204 No\r\n\r\nHTTP/1.1 204 No\r\n\r\n");
    expect(reusable).toBe(false);
    codec.close();
  });

  it("refuses bytes that nobody asked for, and tells them from a response's", () => {
    const codec = bench.client();
    const streams: number[] = [];
    codec.listener = {
      onHeaders: (_id, block) => exports.blockFree(block),
      onData: () => {},
      onTrailers: () => {},
      onError: (streamId) => streams.push(streamId),
    };
    feed(codec, "HTTP/1.1 408 Request Timeout\r\n\r\n");
    expect(streams).toEqual([0]);
    expect(codec.reusable).toBe(false);
    codec.close();
  });

  it("bounds interim responses", () => {
    const { codec, recorder } = asking();
    feed(codec, "HTTP/1.1 100 Continue\r\n\r\n".repeat(layout.INTERIM_RESPONSES_MAX));
    expect(recorder.error).toBe("");
    feed(codec, "HTTP/1.1 100 Continue\r\n\r\n");
    expect(recorder.error).toBe("too_many_interim");
    codec.close();
  });
});
