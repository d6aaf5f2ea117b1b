/** The stories of five encoders (hpack-test-case), one decoder for each story. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { HpackBench } from "../../support/hpack_bench.ts";

interface Case {
  readonly seqno: number;
  readonly wire: string;
  readonly header_table_size?: number;
  readonly headers: readonly Record<string, string>[];
}

const FOLDER = new URL("../../../../shared/corpus/hpack/", import.meta.url);
const bench = new HpackBench();

afterEach(() => {
  expect(bench.core.exports.blocksLive()).toBe(0);
  expect(bench.core.exports.http2Live()).toBe(0);
});

if (!existsSync(FOLDER)) console.info("hpack/stories: ../shared/corpus/hpack is missing, its stories are not told");

describe.skipIf(!existsSync(FOLDER))("stories", () => {
  for (const encoder of existsSync(FOLDER) ? readdirSync(FOLDER) : []) {
    it(encoder, () => {
      const stories = readdirSync(new URL(`${encoder}/`, FOLDER)).filter((name) => name.endsWith(".json"));
      expect(stories.length).toBeGreaterThan(10);
      for (const name of stories) {
        const story = JSON.parse(readFileSync(new URL(`${encoder}/${name}`, FOLDER), "utf8")) as { cases: Case[] };
        const tableMax = Math.max(4096, ...story.cases.map((one) => one.header_table_size ?? 4096));
        bench.open(tableMax);
        for (const one of story.cases) {
          const decoded = bench.decode(Buffer.from(one.wire, "hex"), 1 << 20, 1000, tableMax);
          const headers = one.headers.flatMap((header) => Object.entries(header));
          expect(decoded.fields, `${encoder}/${name} ${one.seqno}`).toEqual(joinedCrumbs(headers));
        }
        bench.close();
      }
    });
  }
});

/** RFC 9113 8.2.3, for crumbs that stand together. */
function joinedCrumbs(headers: readonly [string, string][]): [string, string][] {
  const joined: [string, string][] = [];
  for (const [name, value] of headers) {
    const before = joined.at(-1);
    if (name === "cookie" && before?.[0] === "cookie") before[1] += `; ${value}`;
    else joined.push([name, value]);
  }
  return joined;
}
