/** The table of limits (assembly/http2/budget): each flood ends with its own code, and what stays below the limit does no harm. */

import { afterEach, describe, expect, it } from "vitest";
import * as layout from "../../../host/wasm/layout.gen.ts";
import { Http2Bench, type Http2Peer } from "../../support/http2_bench.ts";
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  frame,
  GET,
  HEADERS,
  headers,
  PING,
  POST,
  PREFACE,
  PRIORITY,
  RST_STREAM,
  section,
  settings,
  u32,
  WINDOW_UPDATE,
} from "../../support/http2_frames.ts";
import { randomNumbers } from "../../support/random.ts";

const bench = new Http2Bench();
let peer: Http2Peer | null = null;

afterEach(() => {
  peer?.close();
  peer = null;
  expect(bench.leaks()).toEqual([0, 0, 0]);
});

function server(): Http2Peer {
  peer = bench.server().greet();
  return peer;
}

/** How many of these frames pass before the connection ends, and with which code. */
function flood(it: Http2Peer, next: (i: number) => Buffer, most: number): [number, string] {
  for (let i = 0; i < most; i++) {
    it.feed(next(i));
    const end = it.take().find((line) => line.startsWith("ERROR 0"));
    if (end !== undefined) return [i, end.slice(8)];
  }
  return [most, "none"];
}

describe("floods", () => {
  it("rapid reset", () => {
    const it = server();
    const [passed, code] = flood(
      it,
      (i) => Buffer.concat([headers(i * 2 + 1, GET), frame(RST_STREAM, 0, i * 2 + 1, u32(8))]),
      1000,
    );
    expect([passed, code]).toEqual([layout.H2_PREMATURE_STREAMS / 2, "H2_FLOOD_RESET"]);
  });

  it("resets of streams that lived a while are none", () => {
    const it = server();
    const [passed] = flood(
      it,
      (i) => {
        it.now += 2_000;
        const before = i === 0 ? Buffer.alloc(0) : frame(RST_STREAM, 0, i * 2 - 1, u32(8));
        return Buffer.concat([before, headers(i * 2 + 1, GET)]);
      },
      1000,
    );
    expect(passed).toBe(1000);
  });

  it.each([
    ["a window of zero", (id: number) => frame(WINDOW_UPDATE, 0, id, u32(0))],
    ["DATA behind the end", (id: number) => frame(DATA, 1, id, "x")],
    ["a dependency on itself", (id: number) => frame(PRIORITY, 0, id, Buffer.concat([u32(id), Buffer.of(0)]))],
  ])("MadeYouReset by %s", (_title, spoil) => {
    const [passed, code] = flood(server(), (i) => Buffer.concat([headers(i * 2 + 1, GET), spoil(i * 2 + 1)]), 1000);
    expect([passed, code]).toEqual([layout.H2_STREAM_ERRORS_MAX, "H2_FLOOD_STREAM_ERRORS"]);
  });

  it("malformed requests", () => {
    const [passed, code] = flood(server(), (i) => headers(i * 2 + 1, [...GET, ["X", "y"]]), 1000);
    expect([passed, code]).toEqual([layout.H2_STREAM_ERRORS_MAX, "H2_FLOOD_STREAM_ERRORS"]);
  });

  it("forgives streams too many until the client has acknowledged how many it may open", () => {
    for (const isSettled of [false, true]) {
      const it = bench.server({ maxStreams: 1 });
      it.feed(Buffer.concat([PREFACE, settings(), isSettled ? frame(4, 1, 0) : Buffer.alloc(0)]));
      it.take();
      const [passed, code] = flood(it, (i) => headers(i * 2 + 1, GET), 2000);
      const most = isSettled ? layout.H2_STREAM_ERRORS_MAX : layout.H2_EARLY_REFUSALS_MAX + layout.H2_STREAM_ERRORS_MAX;
      expect([passed, code]).toEqual([most + 1, "H2_FLOOD_STREAM_ERRORS"]);
      it.close();
    }
  });

  it("errors among many good streams are forgiven", () => {
    const it = server();
    const [passed] = flood(
      it,
      (i) => {
        if (i > 0) it.head((i - 1) * 4 + 1, [[":status", "200"]], true);
        return Buffer.concat([headers(i * 4 + 1, GET), headers(i * 4 + 3, [...GET, ["X", "y"]])]);
      },
      1000,
    );
    expect(passed).toBe(1000);
  });

  it("CONTINUATION without end", () => {
    const it = server();
    it.feed(headers(1, GET, 1));
    const [passed, code] = flood(it, () => frame(CONTINUATION, 0, 1, section([["a", "b"]])), 1000);
    expect([passed, code]).toEqual([layout.H2_CONTINUATIONS_MAX, "H2_FLOOD_CONTINUATION"]);
  });

  it("CONTINUATION without bytes", () => {
    const it = server();
    it.feed(headers(1, GET, 1));
    expect(flood(it, () => frame(CONTINUATION, 0, 1), 10)).toEqual([1, "H2_FLOOD_EMPTY"]);
  });

  it("a header block that is too long to keep", () => {
    const it = server();
    it.feed(headers(1, GET, 1));
    const [passed, code] = flood(it, () => frame(CONTINUATION, 0, 1, Buffer.alloc(16_384)), 10);
    expect([passed, code]).toEqual([4, "H2_HEADER_BLOCK"]);
  });

  it("HPACK bombs cost their streams", () => {
    const it = server();
    const entry = Buffer.concat([Buffer.from("40016b7fa11e", "hex"), Buffer.alloc(4000, 0x76)]);
    it.feed(frame(HEADERS, 5, 1, Buffer.concat([section(GET), entry])));
    it.feed(frame(HEADERS, 5, 3, Buffer.concat([section(GET), Buffer.alloc(16_000, 0xbe)])));
    it.feed(frame(HEADERS, 5, 5, Buffer.concat([section(GET), Buffer.alloc(16_000, 0x90)])));
    it.feed(frame(HEADERS, 5, 7, section(GET)));
    expect(it.take()).toEqual([
      "HEADERS 1 1 end",
      "ERROR 3 H2_HEAD_TOO_LARGE",
      "ERROR 5 H2_TOO_MANY_FIELDS",
      "HEADERS 7 1 end",
    ]);
  });

  it("SETTINGS, with the answers read", () => {
    // The greeting was one.
    expect(flood(server(), () => settings(), 1000)).toEqual([layout.H2_SETTINGS_PER_SECOND - 1, "H2_FLOOD_SETTINGS"]);
  });

  it("PING, with the answers read", () => {
    expect(flood(server(), () => frame(PING, 0, 0, "12345678"), 1000)).toEqual([
      layout.H2_PINGS_PER_SECOND,
      "H2_FLOOD_PING",
    ]);
  });

  it("PING now and then is none", () => {
    const it = server();
    const ping = () => {
      it.now += 10;
      return frame(PING, 0, 0, "12345678");
    };
    expect(flood(it, ping, 2000)).toEqual([2000, "none"]);
  });

  it("answers that nobody reads", () => {
    peer = bench.server({ maxOutboundControlFrames: 100 }).greet();
    peer.flushes = false;
    peer.flush();
    expect(flood(peer, () => frame(PING, 0, 0, "12345678"), 1000)).toEqual([100, "H2_FLOOD_CONTROL"]);
  });

  it("empty DATA", () => {
    const it = server();
    it.feed(headers(1, POST, END_HEADERS));
    expect(flood(it, () => frame(DATA, 0, 1), 10)).toEqual([1, "H2_FLOOD_EMPTY"]);
  });

  it("more padding than content", () => {
    const it = server();
    it.feed(headers(1, POST, END_HEADERS));
    const padded = frame(DATA, 8, 1, Buffer.concat([Buffer.of(255, 0x78), Buffer.alloc(255)]));
    expect(flood(it, () => padded, 2000)).toEqual([layout.H2_PADDED_PER_SECOND, "H2_FLOOD_PADDING"]);
  });

  it("PRIORITY", () => {
    const priority = frame(PRIORITY, 0, 1, Buffer.concat([u32(0), Buffer.of(0)]));
    expect(flood(server(), () => priority, 1000)).toEqual([100, "H2_FLOOD_PRIORITY"]);
  });

  it("WINDOW_UPDATE", () => {
    expect(flood(server(), () => frame(WINDOW_UPDATE, 0, 0, u32(1)), 1000)).toEqual([5, "H2_FLOOD_WINDOW_UPDATE"]);
  });

  it("unknown frames", () => {
    expect(flood(server(), () => frame(0x10, 0, 0, "x"), 2000)).toEqual([
      layout.H2_UNKNOWN_PER_SECOND,
      "H2_FLOOD_UNKNOWN",
    ]);
  });

  it("all frames of a read in one call", () => {
    const it = server();
    it.feed(headers(1, POST, END_HEADERS));
    const many = Buffer.concat(Array.from({ length: 65_536 / 10 }, () => frame(DATA, 0, 1, "x")));
    it.feed(many.subarray(0, 65_530));
    expect(it.content.get(1)?.length).toBe(6553);
  });
});

const FUZZ_SEED = Number(process.env["FUZZ_SEED"] ?? 20_261_124);
const FUZZ_MS = Number(process.env["FUZZ_MS"] ?? 1_500);

describe("random frames", () => {
  it("neither trap nor leak, and mean the same however they are cut", () => {
    console.info(`http2: FUZZ_SEED=${FUZZ_SEED} FUZZ_MS=${FUZZ_MS}`);
    const random = randomNumbers(FUZZ_SEED);
    const below = (n: number) => Math.floor(random() * n);
    const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
    const deadline = performance.now() + FUZZ_MS;
    let runs = 0;
    while (performance.now() < deadline) {
      const frames = Array.from({ length: 1 + below(12) }, () => {
        const stream = pick([0, 1, 1, 1, 3, 3, 5, 2]);
        const body = pick([
          section(GET),
          section(POST),
          section([[":status", "200"]]),
          section([["x", "y"]]),
          u32(below(3)),
          u32(below(2 ** 31)),
          Buffer.alloc(below(60), below(256)),
          Buffer.from("12345678"),
          Buffer.concat([Buffer.from([0, pick([1, 2, 3, 4, 5, 6])]), u32(below(70_000))]),
        ]);
        return frame(
          pick([0, 0, 1, 1, 1, 2, 3, 4, 6, 7, 8, 9, 10]),
          pick([0, 1, 4, 5, 5, 8, 0x2d, 0xff]),
          stream,
          body,
        );
      });
      const bytes = Buffer.concat(frames);
      if (random() < 0.3 && bytes.length > 0) bytes[below(bytes.length)] = below(256);
      const isServer = random() < 0.6;
      const told = [[], Array.from({ length: bytes.length - 1 }, (_, i) => i + 1)].map((cuts) => {
        const one = isServer ? bench.server() : bench.client();
        one.greet({}, isServer);
        if (!isServer) for (const id of [one.start(), one.start()]) one.head(id, GET, id === 1);
        one.take();
        one.feed(bytes, cuts);
        const log = one.take().filter((line) => !line.startsWith(">"));
        one.close();
        return log;
      });
      expect(told[1], bytes.toString("hex")).toEqual(told[0]);
      expect(bench.leaks()).toEqual([0, 0, 0]);
      runs++;
    }
    expect(runs).toBeGreaterThan(10);
  });
});
