import { describe, expect, it } from "vitest";
import { writeHeaders } from "../../../host/codec/writer.ts";
import { NO_PLACE, Output, type OutputTarget } from "../../../host/net/output.ts";
import { SlabPool } from "../../../host/net/slab_pool.ts";
import { type OutputSlab, type Socket, WRITE_DONE, WRITE_PINNED } from "../../../host/net/socket.ts";
import { OUTPUT_SLAB_BYTES } from "../../../host/wasm/layout.gen.ts";
import { outputSlabsOf } from "../../../host/wasm/memory.ts";
import { Bench } from "../../support/http1_recorder.ts";

/** A socket that takes every other write at once and pins the rest. */
class Taker implements OutputTarget {
  readonly pieces: Buffer[] = [];
  readonly pinned: OutputSlab[] = [];
  outputPlace = NO_PLACE;
  readonly socket = {
    aboveHighWatermark: false,
    write: (slab: OutputSlab, length: number) => {
      this.pieces.push(Buffer.from(slab.view(length)));
      if (this.pieces.length % 2 === 0) return WRITE_DONE;
      this.pinned.push(slab);
      return WRITE_PINNED;
    },
  } as unknown as Socket;

  onOutputBlocked(): void {}
  onOutputStarved(): void {}
}

describe("a head that is larger than a slab", () => {
  it.each([0, 1, 3, 30])("leaves whole, in pieces: a slab and %i fields of 100 KiB more", (more) => {
    const bench = new Bench();
    const { memory, start, slabBytes } = outputSlabsOf(bench.core);
    const slabs = new SlabPool(memory, start, slabBytes, 60);
    const output = new Output(slabs);
    const taker = new Taker();
    const codec = bench.client({});
    const fields = Array.from({ length: 2 + more }, (_, i): [string, string] => [
      `x-${i}`,
      String(i % 10).repeat(100_000),
    ]);
    const block = bench.block([[":method", "GET"], [":path", "/"], [":authority", "h"], ...fields]);

    const written = writeHeaders(output, taker, codec, codec.startStream(), block, true, 0);
    output.flush();
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const text = Buffer.concat(taker.pieces).toString("latin1");
    expect(text === `GET / HTTP/1.1\r\nhost: h\r\n${lines}\r\n`).toBe(true);
    expect(written).toBe(text.length);
    expect(Math.max(...taker.pieces.map((piece) => piece.length))).toBeLessThanOrEqual(OUTPUT_SLAB_BYTES);
    expect(slabs.inUse).toBe(taker.pinned.length + 1);
    bench.core.exports.blockFree(block);
    codec.close();
  });
});
