/** HPACK by its rules (RFC 7541), its limits, and round trips through Node's implementation and our own. */

import { createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import * as layout from "../../../host/wasm/layout.gen.ts";
import { type Fields, HpackBench } from "../../support/hpack_bench.ts";
import { randomNumbers } from "../../support/random.ts";

const bench = new HpackBench();
const FUZZ_SEED = Number(process.env["FUZZ_SEED"] ?? 20_261_124);
const FUZZ_MS = Number(process.env["FUZZ_MS"] ?? 1_000);

afterEach(() => {
  expect(bench.core.exports.blocksLive(), "blocks that nobody freed").toBe(0);
  expect(bench.core.exports.http2Live(), "connections that nobody closed").toBe(0);
});

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ""), "hex");
}

function withBench(body: () => void, tableSize = 4096): void {
  bench.open(tableSize);
  try {
    body();
  } finally {
    bench.close();
  }
}

describe("the examples of RFC 7541, appendix C", () => {
  it("C.3: requests without Huffman code", () => {
    withBench(() => {
      expect(bench.decode(hex("8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d")).fields).toEqual([
        [":method", "GET"],
        [":scheme", "http"],
        [":path", "/"],
        [":authority", "www.example.com"],
      ]);
      expect(bench.decode(hex("8286 84be 5808 6e6f 2d63 6163 6865")).tableSize).toBe(110);
      const third = bench.decode(hex("8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65"));
      expect(third.tableSize).toBe(164);
      expect(third.fields?.at(-1)).toEqual(["custom-key", "custom-value"]);
    });
  });

  it("C.6: responses with Huffman code and eviction from a table of 256 bytes", () => {
    withBench(() => {
      bench.decode(hex("3fe101"), 1000, 100);
      const first = bench.decode(
        hex(
          "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        ),
      );
      expect(first.tableSize).toBe(222);
      expect(first.fields?.[0]).toEqual([":status", "302"]);
      const second = bench.decode(hex("4883 640e ffc1 c0bf"));
      expect(second.tableSize).toBe(222);
      expect(second.fields?.map(([name]) => name)).toEqual([":status", "cache-control", "date", "location"]);
      const third = bench.decode(
        hex(
          "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
        ),
      );
      expect(third.tableSize).toBe(215);
      expect(third.fields?.at(-1)).toEqual(["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"]);
    });
  });
});

describe("what is refused", () => {
  const CASES: readonly (readonly [string, string, number])[] = [
    ["index 0", "80", layout.HPACK_INDEX],
    ["an index behind both tables", "be", layout.HPACK_INDEX],
    ["a name's index behind both tables", "7e 01 61", layout.HPACK_INDEX],
    ["an integer that is cut off", "ff", layout.HPACK_INTEGER],
    ["an integer of sixty bytes", `ff ${"80".repeat(60)} 00`, layout.HPACK_INTEGER],
    ["an integer that would overflow", "ff ff ff ff ff ff 0f", layout.HPACK_INTEGER],
    ["a string that is cut off", "00 03 61", layout.HPACK_STRING],
    ["a name without its value", "00 01 61", layout.HPACK_STRING],
    ["padding of eight bits", "00 01 61 82 1f ff", layout.HPACK_HUFFMAN],
    ["padding with a zero", "00 01 61 81 18", layout.HPACK_HUFFMAN],
    ["EOS in a string", "00 01 61 84 ff ff ff ff", layout.HPACK_HUFFMAN],
    ["a table above the limit", "3f e2 1f", layout.HPACK_TABLE_SIZE],
    ["a size update behind a field", "82 20", layout.HPACK_TABLE_SIZE_LATE],
  ];
  for (const [title, wire, code] of CASES) {
    it(title, () => {
      withBench(() => expect(bench.decode(hex(wire)).code).toBe(code));
    });
  }
});

describe("limits", () => {
  it("stop a section whose names and values are too long, and keep the table in step", () => {
    withBench(() => {
      // 4000 bytes in the table, then references to it.
      const value = Buffer.alloc(3900, 0x76);
      const literal = Buffer.concat([hex("40 01 6b 7f bd 1d"), value]);
      expect(literal.length).toBe(6 + 3900);
      const bomb = Buffer.concat([literal, Buffer.alloc(16_000, 0xbe)]);
      const decoded = bench.decode(bomb, 60 * 1024, 20_000);
      expect(decoded.code).toBe(layout.OK);
      expect(decoded.fields).toBeNull();
      expect(decoded.tooLarge).toBe(true);
      expect(decoded.tableSize).toBe(1 + 3900 + 32);
      expect(bench.decode(hex("be")).fields).toEqual([["k", value.toString()]]);
    });
  });

  it("follow the table through literals of a section that is not kept", () => {
    withBench(() => {
      const wire = Buffer.concat([hex("40 01 6b 02 7631 40 01 6c 82 1c7f"), hex("7f 00 01 78")]);
      const decoded = bench.decode(wire, 1);
      expect(decoded.fields).toBeNull();
      expect(decoded.tableCount).toBe(3);
      expect(bench.decode(hex("bf be c0")).fields?.map(([name]) => name)).toEqual(["l", "k", "k"]);
    });
  });

  it("count fields", () => {
    withBench(() => {
      expect(bench.decode(Buffer.alloc(10, 0x90), 60_000, 9)).toMatchObject({ fields: null, tooMany: true });
      expect(bench.decode(Buffer.alloc(10, 0x90), 60_000, 10).fields?.length).toBe(10);
    });
  });

  it("hold for crumbs of cookies, which become one field", () => {
    withBench(() => {
      const crumb = hex("00 06 636f6f6b6965 01 61");
      const decoded = bench.decode(Buffer.concat(Array(1000).fill(crumb)), 60 * 1024, 5);
      expect(decoded.fields?.length).toBe(1);
      expect(decoded.fields?.[0]?.[1]).toBe(Array(1000).fill("a").join("; "));
      expect(bench.decode(Buffer.concat(Array(6000).fill(crumb)), 40_000, 5).tooLarge).toBe(true);
    });
  });

  it("know a Huffman string that is longer than the limit before it is whole", () => {
    withBench(() => {
      const coded = Buffer.concat([hex("00 01 6b ff"), hex("e9 06"), Buffer.alloc(1000, 0x00)]);
      expect(bench.decode(coded, 500)).toMatchObject({ code: layout.OK, fields: null, tooLarge: true });
    });
  });
});

describe("the encoder", () => {
  it("never indexes secrets, nor what came as never indexed", () => {
    withBench(() => {
      const secret: Fields = [["authorization", "Basic abc"]];
      const first = bench.encode(secret);
      expect(first[0]).toBe(0x1f);
      expect(bench.encode(secret)).toEqual(first);
    });
  });

  it("sends what repeats by its index", () => {
    withBench(() => {
      const fields: Fields = [
        [":status", "200"],
        ["server", "envoy"],
        ["x-something", "of our own"],
      ];
      bench.encode(fields);
      expect(bench.encode(fields).length).toBe(3);
    });
  });

  it("tells its table's size after a change, the smallest first", () => {
    withBench(() => {
      bench.encode([["a", "b"]]);
      bench.core.exports.hpackResize(bench.connection, 0);
      bench.core.exports.hpackResize(bench.connection, 1000);
      const wire = bench.encode([["a", "b"]]);
      expect(wire.subarray(0, 4)).toEqual(hex("20 3f c9 07"));
      expect(bench.decode(wire).fields).toEqual([["a", "b"]]);
    });
  });

  it("leaves out the fields of an HTTP/1 connection, and puts pseudo fields first", () => {
    withBench(() => {
      const wire = bench.encode([
        ["x", "y"],
        ["host", "h"],
        ["connection", "close"],
        ["te", "gzip"],
        ["transfer-encoding", "chunked"],
        [":path", "/"],
      ]);
      expect(bench.decode(wire).fields).toEqual([
        [":path", "/"],
        ["x", "y"],
      ]);
    });
  });
});

const NAMES = ["x-a", "x-b", "server", "cookie", "content-type", "etag", ":path", "accept-charset", "authorization"];
const anyFields = fc.array(
  fc.tuple(
    fc.oneof(fc.constantFrom(...NAMES), fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/)),
    fc.oneof(fc.constantFrom("", "a", "text/html", "/"), fc.string({ maxLength: 300 }).map(latin1)),
  ),
  { maxLength: 20 },
);
const OF_THE_CONNECTION = /^(host|connection|keep-alive|proxy-connection|te|transfer-encoding|upgrade)$/;

function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** What comes out of a round trip: pseudo fields in front, crumbs that stand together as one. */
function settled(fields: Fields): [string, string][] {
  const ordered = [
    ...fields.filter(([name]) => name.startsWith(":")),
    ...fields.filter(([name]) => !name.startsWith(":")),
  ];
  const joined: [string, string][] = [];
  for (const [name, value] of ordered) {
    const before = joined.at(-1);
    if (name === "cookie" && before?.[0] === "cookie") before[1] += `; ${value}`;
    else joined.push([name, value]);
  }
  return joined;
}

describe("properties", () => {
  it("decode(encode(x)) = x, along the life of a connection, with tables that change", () => {
    const step = fc.record({ fields: anyFields, resize: fc.option(fc.integer({ min: 0, max: 5000 }), { freq: 5 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        withBench(() => {
          for (const { fields, resize } of steps) {
            if (resize !== null) bench.core.exports.hpackResize(bench.connection, resize);
            const clean = fields.filter(([name]) => !OF_THE_CONNECTION.test(name));
            const decoded = bench.decode(bench.encode(clean), 1 << 20, 1000);
            expect(decoded.fields).toEqual(settled(clean));
            expect([decoded.tableSize, decoded.tableCount]).toEqual(encoderTable(clean));
          }
        });
      }),
      { numRuns: 150, seed: FUZZ_SEED },
    );
  });

  /** The encoder's table, as it is after an empty section. */
  function encoderTable(_fields: Fields): [number, number] {
    bench.encode([]);
    return [bench.core.result(3), bench.core.result(4)];
  }

  it("random bytes neither trap nor leak, whatever they are", () => {
    console.info(`hpack: FUZZ_SEED=${FUZZ_SEED} FUZZ_MS=${FUZZ_MS}`);
    const random = randomNumbers(FUZZ_SEED);
    const deadline = performance.now() + FUZZ_MS;
    let runs = 0;
    while (performance.now() < deadline) {
      withBench(() => {
        for (let section = 0; section < 5; section++) {
          const wire = Buffer.from(
            Array.from({ length: Math.floor(random() * 200) }, () => {
              // Lead bytes and short lengths are likelier, so that decoders get somewhere.
              const kind = random();
              return kind < 0.3
                ? Math.floor(random() * 8)
                : kind < 0.6
                  ? 0x40 + Math.floor(random() * 0x80)
                  : Math.floor(random() * 256);
            }),
          );
          const maxBytes = random() < 0.3 ? Math.floor(random() * 100) : 60_000;
          const { code, fields, tableSize } = bench.decode(wire, maxBytes, random() < 0.2 ? 3 : 1000);
          expect(tableSize).toBeLessThanOrEqual(4096);
          if (code !== 0) return expect(fields).toBeNull();
          const bytes = (fields ?? []).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
          expect(bytes).toBeLessThanOrEqual(maxBytes);
          expect(bench.core.exports.blocksLive()).toBe(1); // The connection's opening words.
        }
      });
      runs++;
    }
    expect(runs).toBeGreaterThan(10);
  });
});

describe("a second implementation", () => {
  it("nghttp2, as it is in Node, reads what we write", async () => {
    const server: Http2Server = createServer();
    const seen: [string, string][][] = [];
    server.on("stream", (stream, _headers, _flags, raw) => {
      seen.push(pairs(raw as string[]));
      stream.respond({ ":status": 200 });
      stream.end();
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const requests = Array.from(
      { length: 30 },
      (_, i): Fields => [
        [":method", "GET"],
        [":scheme", "http"],
        [":authority", "h"],
        [":path", `/${i}`],
        ["x-number", String(i % 3)],
        ["x-text", `\u00e9${"ab/c".repeat(i * 7)}`],
        ["accept-encoding", "gzip, deflate"],
      ],
    );
    const { connect } = await import("node:net");
    const socket = connect(port, "127.0.0.1");
    bench.open();
    const parts = [Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0, Buffer.alloc(0))];
    for (const [i, fields] of requests.entries()) parts.push(frame(1, 5, i * 2 + 1, bench.encode(fields)));
    bench.close();
    socket.write(Buffer.concat(parts));
    await expect.poll(() => seen.length, { timeout: 5_000 }).toBe(requests.length);
    expect(seen).toEqual(requests);
    socket.destroy();
    await new Promise((done) => server.close(done));
  });
});

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[i * 2] as string, raw[i * 2 + 1] as string]);
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
