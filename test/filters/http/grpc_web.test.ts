// gRPC-Web: what a browser sends and gets, in pieces of every size.

import { afterEach, describe, expect, it } from "vitest";
import { Base64Decoder, Base64Encoder } from "../../../filters/http/grpc_web/base64.ts";
import { answer, chunked, frame, GrpcBench, summary } from "../../support/grpc_bench.ts";
import { field } from "../../support/http_messages.ts";

let bench: GrpcBench;
const start = async () => {
  bench = await GrpcBench.start("grpc_web", "GrpcWeb");
};
afterEach(() => expect(bench?.leftovers()).toEqual([]));

const TEXT = "application/grpc-web-text";
const ACCEPT = `accept: ${TEXT}\r\n`;
const base64 = (text: string) => Buffer.from(text, "latin1").toString("base64");
/** One piece for each `size` characters. */
const cut = (text: string, size: number) => text.match(new RegExp(`[^]{1,${size}}`, "g")) as string[];
const TOLD = ["content-type", "grpc-status", "grpc-message"];

describe("binary", () => {
  it("goes on as gRPC, and comes back with the trailers as its last message", async () => {
    await start();
    bench.answer = answer([frame("yo")], { "grpc-status": "5", "grpc-message": "not here" });
    const got = bench.call("application/grpc-web+proto", [frame("hi")], "content-length-is: not\r\n");
    const trailers = frame("grpc-status:5\r\ngrpc-message:not here\r\n", 0x80);
    expect(summary(got, "content-type")).toEqual([200, "application/grpc-web+proto", frame("yo") + trailers, {}]);
    expect(summary(bench.seen, "content-type", "te", "grpc-accept-encoding")).toEqual([
      0,
      "application/grpc",
      "trailers",
      "identity",
      frame("hi"),
      {},
    ]);
    expect(bench.proxy.stat("cluster.u.grpc-web.p.S.M.5")).toBe(1);
    expect(bench.proxy.stat("cluster.u.grpc-web.p.S.M.failure")).toBe(1);
  });

  it("leaves others alone", async () => {
    await start();
    bench.answer = answer([frame("yo")], { "grpc-status": "0" });
    for (const contentType of ["application/grpc", "application/grpc-web+json", "text/plain"]) {
      expect(summary(bench.call(contentType, ["x"]), "content-type")).toEqual([
        200,
        "application/grpc",
        frame("yo"),
        { "grpc-status": "0" },
      ]);
      expect(field(bench.seen, "content-type")).toBe(contentType);
    }
  });
});

describe("text", () => {
  const messages = frame("hi") + frame("") + frame("x".repeat(1000));
  const answered = [frame("yo!"), frame(""), frame("z".repeat(500))];

  it.each([1, 2, 3, 4, 5, 7, 64, 5000])("is the same in pieces of %d", async (size) => {
    await start();
    bench.answer = answer(cut(answered.join(""), size), { "grpc-status": "0" });
    const got = bench.call(TEXT, cut(base64(messages), size), ACCEPT);
    expect(bench.seen.body.toString("latin1")).toBe(messages);
    // Each message is padded for itself.
    const body = [...answered, frame("grpc-status:0\r\n", 0x80)].map(base64).join("");
    expect(summary(got, "content-type")).toEqual([200, `${TEXT}+proto`, body, {}]);
  });

  it("may pad in the middle, wherever the pieces end", async () => {
    await start();
    bench.call(TEXT, cut(base64(frame("a")) + base64(frame("bc")), 3));
    expect(bench.seen.body.toString("latin1")).toBe(frame("a") + frame("bc"));
  });

  it.each([
    ["no base64", "!!!!", "grpc_base_64_decode_failed"],
    ["not the canonical form", "AAAAAAJoaR==", "grpc_base_64_decode_failed"],
    ["cut off", "AAA", "grpc_base_64_decode_failed_bad_size"],
  ])("that is %s is refused", async (_, body, details) => {
    await start();
    expect(summary(bench.call(TEXT, [body], ACCEPT), ...TOLD)).toEqual([
      400,
      `${TEXT}+proto`,
      "13",
      "Bad gRPC-web request, invalid base64 data.",
      "",
      {},
    ]);
    expect(bench.proxy.ended.at(-1)?.details).toBe(details);
  });
});

describe("an answer that is none of gRPC", () => {
  it("is told by status and message, and its body goes", async () => {
    await start();
    bench.answer = chunked("HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\n", ["a%b", "\n~"], { x: "y" });
    const got = bench.call("application/grpc-web", [frame("")]);
    expect(summary(got, ...TOLD).slice(0, -1)).toEqual([404, "application/grpc-web+proto", "12", "a%25b%0A%7E", ""]);
  });

  it("is told as far as 16 KiB of it go", async () => {
    await start();
    bench.answer = `HTTP/1.1 503 No\r\ncontent-length: 100000\r\n\r\n${"e".repeat(100_000)}`;
    const got = bench.call("application/grpc-web", [frame("")]);
    expect(field(got, "grpc-status")).toBe("14");
    expect(field(got, "grpc-message")).toBe("e".repeat(16_384));
  });

  it("may be the proxy's own", async () => {
    await start();
    bench.answer = "nonsense\r\n\r\n";
    const got = bench.call(TEXT, [base64(frame(""))], ACCEPT);
    expect([got.status, field(got, "grpc-status"), got.body.length]).toEqual([502, "14", 0]);
  });
});

describe("base64", () => {
  it("decodes and encodes what it is given, in any pieces", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => (i * 37) & 255);
    for (let size = 1; size < 9; size++) {
      const encoder = new Base64Encoder();
      const encoded: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) encoded.push(encoder.push(bytes.subarray(at, at + size)));
      const text = Buffer.concat([...encoded, encoder.finish()]);
      expect(text.toString()).toBe(Buffer.from(bytes).toString("base64"));
      const decoder = new Base64Decoder();
      const decoded: Uint8Array[] = [];
      for (let at = 0; at < text.length; at += size) {
        decoded.push(decoder.push(text.subarray(at, at + size)) as Uint8Array);
      }
      expect(Buffer.concat(decoded)).toEqual(Buffer.from(bytes));
      expect(decoder.isBetween).toBe(true);
    }
  });
});
