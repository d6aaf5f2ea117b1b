import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as layout from "../../../host/wasm/layout.gen.ts";

/** Where each region of the page begins and ends in the layout, in the order of the page. */
const REGIONS: Record<string, [start: number, end: number]> = {
  static: [0, layout.STATIC_BYTES],
  control: [layout.CONTROL_START, layout.EVENT_RING_START],
  events: [layout.EVENT_RING_START, layout.SCRATCH_START],
  scratch: [layout.SCRATCH_START, layout.READ_BUFFER_START],
  "read buffer": [layout.READ_BUFFER_START, layout.READ_STAGE_START],
  "read stage": [layout.READ_STAGE_START, layout.CONNECTIONS_START],
  connections: [layout.CONNECTIONS_START, layout.FORWARD_PEERS_START],
  peers: [layout.FORWARD_PEERS_START, layout.BLOCK_1_START],
  "blocks 1": [layout.BLOCK_1_START, layout.BLOCK_2_START],
  "blocks 2": [layout.BLOCK_2_START, layout.BLOCK_3_START],
  "blocks 3": [layout.BLOCK_3_START, layout.BLOCK_4_START],
  "blocks 4": [layout.BLOCK_4_START, layout.BLOCK_5_START],
  "blocks 5": [layout.BLOCK_5_START, layout.BLOCK_6_START],
  "blocks 6": [layout.BLOCK_6_START, layout.BLOCKS_END],
  join: [layout.JOIN_START, layout.REGEX_START],
  regex: [layout.REGEX_START, layout.OUTPUT_SLABS_START],
  "output slabs": [layout.OUTPUT_SLABS_START, layout.H2_CONNECTIONS_START],
  "h2 connections": [layout.H2_CONNECTIONS_START, layout.H2_STREAMS_START],
  "h2 streams": [layout.H2_STREAMS_START, layout.H2_STREAM_BUCKETS_START],
  "h2 buckets": [layout.H2_STREAM_BUCKETS_START, layout.CONFIG_ARENA_START],
  "config arena": [layout.CONFIG_ARENA_START, layout.MEMORY_BYTES],
};

const rows = readFileSync("docs/memory_map.md", "utf8")
  .split("\n")
  .map((line) => /^\| ([a-z0-9 ]+) \| (\d+) \| (\d+) \|/.exec(line))
  .filter((row) => row !== null)
  .map(([, name, start, bytes]) => ({ name, start: Number(start), bytes: Number(bytes) }));

describe("the memory map", () => {
  it("is drawn as it is", () => {
    expect(rows).toEqual(Object.entries(REGIONS).map(([name, [start, end]]) => ({ name, start, bytes: end - start })));
  });

  it("has no gap and no overlap", () => {
    let end = 0;
    for (const { name, start, bytes } of rows) {
      expect(start, name).toBe(end);
      end = start + bytes;
    }
    expect(end).toBe(layout.MEMORY_BYTES);
  });

  it("starts its regions on pages, and holds its slots", () => {
    for (const [name, [start]] of Object.entries(REGIONS)) expect(start % layout.PAGE_BYTES, name).toBe(0);
    const counts = [
      [layout.CONNECTIONS_MAX, layout.CONNECTION_BYTES, REGIONS["connections"]],
      [layout.H2_CONNECTIONS_MAX, layout.H2_CONNECTION_BYTES, REGIONS["h2 connections"]],
      [layout.H2_STREAMS_MAX, layout.H2_STREAM_BYTES, REGIONS["h2 streams"]],
      [layout.BLOCK_4_COUNT, layout.BLOCK_4_BYTES, REGIONS["blocks 4"]],
      [layout.OUTPUT_SLABS_MAX, layout.OUTPUT_SLAB_BYTES, REGIONS["output slabs"]],
    ] as const;
    for (const [count, bytes, region] of counts) expect(count * bytes).toBe((region?.[1] ?? 0) - (region?.[0] ?? 0));
    expect(layout.OUTPUT_SLAB_BYTES).toBeGreaterThan(layout.READ_BUFFER_BYTES + layout.BLOCK_4_BYTES);
  });
});
