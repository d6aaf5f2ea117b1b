/** What goes on the wire: framing by facts, lines by copy (assembly/http1/encoder.ts). */

import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Codec } from "../../../host/codec/codec.ts";
import { ENCODE_CLOSE, ENCODE_NO_ROOM } from "../../../host/wasm/layout.gen.ts";
import { Bench, feedPieces, Recorder } from "../../support/http1_recorder.ts";

type Fields = readonly (readonly [string, string])[];

const bench = new Bench();
const opened: Codec[] = [];

afterEach(() => {
  for (const codec of opened.splice(0)) codec.close();
});

afterAll(() => {
  expect(bench.core.exports.blocksLive(), "header blocks that nobody freed").toBe(0);
});

function head(codec: Codec, fields: Fields, endStream: boolean, flags = 0, room = bench.room): string | null {
  const block = bench.block(fields);
  const length = codec.encodeHeaders(1, block, endStream, flags, bench.out, room);
  bench.core.exports.blockFree(block);
  return length === ENCODE_NO_ROOM ? null : bench.text(bench.out, length);
}

function data(codec: Codec, content: string, endStream: boolean): string {
  const address = bench.place(Buffer.from(content, "latin1"));
  return bench.text(bench.out, codec.encodeData(1, address, content.length, endStream, bench.out, bench.room));
}

function trailers(codec: Codec, fields: Fields): string {
  const block = bench.block(fields);
  const length = codec.encodeTrailers(1, block, bench.out, bench.room);
  bench.core.exports.blockFree(block);
  return bench.text(bench.out, length);
}

/** A server codec that has read this request. */
function serverFor(request: string, settings = {}) {
  const codec = bench.server(settings);
  opened.push(codec);
  const recorder = new Recorder(bench);
  codec.listener = recorder;
  feedPieces(bench, codec, recorder, Buffer.from(request, "latin1"), []);
  if (recorder.error !== "") throw new Error(recorder.error);
  return codec;
}

function client(settings = {}) {
  const codec = bench.client(settings);
  opened.push(codec);
  codec.listener = new Recorder(bench);
  codec.startStream();
  return codec;
}

const GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const REQUEST: Fields = [
  [":method", "POST"],
  [":path", "/a?b"],
  [":authority", "h:80"],
  [":scheme", "http"],
];

describe("requests", () => {
  it("puts host first and keeps the order of the fields", () => {
    const fields: Fields = [...REQUEST, ["x", "1"], ["content-type", "text/plain"], ["content-length", "2"], ["y", ""]];
    expect(head(client(), fields, false)).toBe(
      "POST /a?b HTTP/1.1\r\nhost: h:80\r\nx: 1\r\ncontent-type: text/plain\r\ncontent-length: 2\r\ny: \r\n\r\n",
    );
  });

  it("chunks content of unknown length", () => {
    const codec = client();
    expect(head(codec, REQUEST, false)).toBe("POST /a?b HTTP/1.1\r\nhost: h:80\r\ntransfer-encoding: chunked\r\n\r\n");
    expect(data(codec, "0123456789abcdef0", false)).toBe("11\r\n0123456789abcdef0\r\n");
    expect(data(codec, "", false)).toBe("");
    expect(data(codec, "x", true)).toBe("1\r\nx\r\n0\r\n\r\n");
  });

  it("ends chunks without content", () => {
    const codec = client();
    head(codec, REQUEST, false);
    expect(data(codec, "", true)).toBe("0\r\n\r\n");
  });

  it("writes content of known length as it comes", () => {
    const codec = client();
    head(codec, [...REQUEST, ["content-length", "5"]], false);
    expect(data(codec, "hel", false)).toBe("hel");
    expect(data(codec, "lo", true)).toBe("lo");
  });

  it.each([
    ["GET", ""],
    ["HEAD", ""],
    ["DELETE", ""],
    ["TRACE", ""],
    ["POST", "content-length: 0\r\n"],
    ["PUT", "content-length: 0\r\n"],
    ["PATCH", "content-length: 0\r\n"],
    ["OPTIONS", "content-length: 0\r\n"],
    ["PURGE", "content-length: 0\r\n"],
  ])("says of a %s without content: %j", (method, line) => {
    const fields: Fields = [
      [":method", method],
      [":path", "/"],
      [":authority", "h"],
    ];
    expect(head(client(), fields, true)).toBe(`${method} / HTTP/1.1\r\nhost: h\r\n${line}\r\n`);
  });

  it("never passes a coding on", () => {
    expect(head(client(), [...REQUEST, ["transfer-encoding", "gzip"], ["content-length", "0"]], true)).toBe(
      "POST /a?b HTTP/1.1\r\nhost: h:80\r\ncontent-length: 0\r\n\r\n",
    );
  });

  it("asks for a tunnel by its authority, without framing", () => {
    const codec = client();
    const fields: Fields = [
      [":method", "CONNECT"],
      [":authority", "h:443"],
    ];
    expect(head(codec, fields, false)).toBe("CONNECT h:443 HTTP/1.1\r\nhost: h:443\r\n\r\n");
    expect(data(codec, "bytes", false)).toBe("bytes");
  });

  it("asks for an upgrade without framing", () => {
    const codec = client();
    const fields: Fields = [
      [":method", "GET"],
      [":path", "/"],
      [":authority", "h"],
      ["connection", "upgrade"],
      ["upgrade", "websocket"],
    ];
    expect(head(codec, fields, false)).toBe(
      "GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    );
    expect(data(codec, "bytes", false)).toBe("bytes");
  });

  it("writes trailers behind chunks, if they are enabled", () => {
    const enabled = client({ enableTrailers: true });
    head(enabled, REQUEST, false);
    expect(trailers(enabled, [["x", "y"]])).toBe("0\r\nx: y\r\n\r\n");
    const disabled = client();
    head(disabled, REQUEST, false);
    expect(trailers(disabled, [["x", "y"]])).toBe("0\r\n\r\n");
    const plain = client({ enableTrailers: true });
    head(plain, [...REQUEST, ["content-length", "0"]], false);
    expect(trailers(plain, [["x", "y"]])).toBe("");
  });

  it("closes when told to", () => {
    const codec = client();
    expect(head(codec, REQUEST, true, ENCODE_CLOSE)).toBe(
      "POST /a?b HTTP/1.1\r\nhost: h:80\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    feedPieces(bench, codec, new Recorder(bench), Buffer.from("HTTP/1.1 204 No\r\n\r\n"), []);
    expect(codec.reusable).toBe(false);
  });
});

describe("responses", () => {
  it.each([
    ["200", "OK"],
    ["404", "Not Found"],
    ["503", "Service Unavailable"],
    ["299", "Unknown"],
  ])("writes the status line of %s", (status, reason) => {
    expect(head(serverFor(GET), [[":status", status]], true)).toBe(
      `HTTP/1.1 ${status} ${reason}\r\ncontent-length: 0\r\n\r\n`,
    );
  });

  it("chunks content of unknown length", () => {
    const codec = serverFor(GET);
    expect(head(codec, [[":status", "200"]], false)).toBe("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    expect(data(codec, "hello", false)).toBe("5\r\nhello\r\n");
    expect(data(codec, "", true)).toBe("0\r\n\r\n");
    expect(codec.closeAfterResponse).toBe(false);
  });

  it("sends no content to HEAD, whatever is given", () => {
    const codec = serverFor("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    expect(
      head(
        codec,
        [
          [":status", "200"],
          ["content-length", "5"],
        ],
        false,
      ),
    ).toBe("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    expect(data(codec, "hello", true)).toBe("");
  });

  it.each(["204", "304"])("sends no content with %s", (status) => {
    const codec = serverFor(GET);
    expect(head(codec, [[":status", status]], true)).not.toContain("content-length");
    codec.close();
    const withContent = serverFor(GET);
    head(withContent, [[":status", status]], false);
    expect(data(withContent, "hello", true)).toBe("");
  });

  it("tells interim responses from final ones", () => {
    const codec = serverFor("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi");
    const length = codec.encodeContinue(1, bench.out, bench.room);
    expect(bench.text(bench.out, length)).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    expect(
      head(
        codec,
        [
          [":status", "103"],
          ["link", "</a>"],
        ],
        false,
      ),
    ).toBe("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
    expect(head(codec, [[":status", "200"]], true)).toBe("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  });

  it("opens a tunnel with 101 and with 2xx to CONNECT", () => {
    const upgrade = serverFor("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    const fields: Fields = [
      [":status", "101"],
      ["connection", "upgrade"],
      ["upgrade", "x"],
    ];
    expect(head(upgrade, fields, false)).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    );
    expect(data(upgrade, "bytes", false)).toBe("bytes");
    const connect = serverFor("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n");
    expect(head(connect, [[":status", "200"]], false)).toBe("HTTP/1.1 200 OK\r\n\r\n");
    expect(data(connect, "bytes", false)).toBe("bytes");
  });

  it("closes behind an upgrade that is refused", () => {
    const codec = serverFor("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    head(codec, [[":status", "403"]], true);
    expect(codec.closeAfterResponse).toBe(true);
  });

  it("answers HTTP/1.0 in HTTP/1.0, until close when the length is unknown", () => {
    const request = "GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n";
    const known = serverFor(request, { acceptHttp10: true });
    expect(head(known, [[":status", "200"]], true)).toBe(
      "HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n",
    );
    expect(known.closeAfterResponse).toBe(false);
    const unknown = serverFor(request, { acceptHttp10: true });
    expect(head(unknown, [[":status", "200"]], false)).toBe("HTTP/1.0 200 OK\r\nconnection: close\r\n\r\n");
    expect(data(unknown, "hello", true)).toBe("hello");
    expect(unknown.closeAfterResponse).toBe(true);
  });

  it("says close when either side wants it", () => {
    const asked = serverFor("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    expect(head(asked, [[":status", "200"]], true)).toContain("connection: close\r\n");
    const own = serverFor(GET);
    expect(head(own, [[":status", "200"]], true, ENCODE_CLOSE)).toContain("connection: close\r\n");
    expect(own.closeAfterResponse).toBe(true);
  });

  it("closes when the request is not read to its end", () => {
    const codec = serverFor("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhello");
    head(codec, [[":status", "413"]], true);
    expect(codec.closeAfterResponse).toBe(true);
  });
});

describe("room", () => {
  it("writes nothing and changes nothing when there is too little", () => {
    const codec = serverFor(GET);
    const fields: Fields = [
      [":status", "200"],
      ["x", "y".repeat(1000)],
    ];
    expect(head(codec, fields, false, 0, 1000)).toBe(null);
    expect(codec.encodeData(1, bench.place(Buffer.alloc(100)), 100, true, bench.out, 100)).toBe(ENCODE_NO_ROOM);
    expect(head(codec, fields, true)).toBe(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(1000)}\r\ncontent-length: 0\r\n\r\n`);
  });

  it("always finds enough in an empty slab for a head of 60 KiB and a read", () => {
    const codec = serverFor(GET);
    const fields: Fields = [
      [":status", "200"],
      ["x", "y".repeat(61_000)],
    ];
    const block = bench.block(fields);
    const headLength = codec.encodeHeaders(1, block, false, 0, bench.out, bench.room);
    bench.core.exports.blockFree(block);
    const address = bench.place(Buffer.alloc(65_536));
    const length = codec.encodeData(1, address, 65_536, true, bench.out + headLength, bench.room - headLength);
    expect(headLength).toBeGreaterThan(61_000);
    expect(length).toBe(65_536 + "10000\r\n\r\n0\r\n\r\n".length);
  });

  it("writes within the room it was given", () => {
    // The room must cover the worst case of what is written, to the byte: nothing behind it changes.
    const fields: Fields = [[":status", "200"], ...Array.from({ length: 50 }, (_, i) => [`n${i}`, `${i}`] as const)];
    const block = bench.block(fields);
    for (let room = 0; room < 1200; room++) {
      const codec = serverFor(GET);
      bench.core.bytes.fill(0xee, bench.out, bench.out + 2000);
      const length = codec.encodeHeaders(1, block, false, 0, bench.out, room);
      const behind = bench.core.bytes.subarray(bench.out + Math.max(length, 0), bench.out + 2000);
      expect(length).toBeLessThanOrEqual(room);
      expect(behind.every((byte) => byte === 0xee)).toBe(true);
      codec.close();
    }
    bench.core.exports.blockFree(block);
  });
});

describe("what comes in goes out", () => {
  it("copies lines as they came, and writes anew those that were not canonical", () => {
    const codec = bench.server();
    const out = client();
    opened.push(codec);
    let wire = "";
    codec.listener = {
      onHeaders: (_id, block) => {
        const length = out.encodeHeaders(1, block, true, 0, bench.out, bench.room);
        wire = bench.text(bench.out, length);
        bench.core.exports.blockFree(block);
      },
      onData: () => {},
      onTrailers: () => {},
      onError: () => {},
    };
    const lines = ["A: 1", "B:2", "C: 3 ", "D:  4", "E: 5\r\n 6", "F: 7", "G:", "H: 8"].join("\r\n");
    const request = Buffer.from(`GET /x HTTP/1.1\r\nUser-Agent: u\r\nHost: h\r\n${lines}\r\n\r\n`);
    codec.feed(bench.place(request), request.length);
    expect(wire).toBe(
      "GET /x HTTP/1.1\r\nhost: h\r\nuser-agent: u\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\ne: 5 6\r\nf: 7\r\ng: \r\nh: 8\r\n\r\n",
    );
  });
});
