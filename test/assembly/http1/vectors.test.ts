import { afterAll, describe, expect, it } from "vitest";
import { Bench } from "../../support/http1_recorder.ts";
import { runVector } from "../../support/http1_run.ts";
import { readVectors, vectorFiles } from "../../support/http1_vectors.ts";

/** Longer ones are cut at so many places, spread evenly. */
const CUTS_MAX = 1_000;

const bench = new Bench();

for (const file of vectorFiles()) {
  describe(file, () => {
    for (const vector of readVectors(file)) {
      it(vector.title, () => {
        const { length } = vector.bytes;
        expect(runVector(bench, vector, []), "whole").toEqual(vector.log);
        const everyByte = Array.from({ length: Math.max(length - 1, 0) }, (_, i) => i + 1);
        expect(runVector(bench, vector, everyByte), "byte by byte").toEqual(vector.log);
        const step = Math.max(1, Math.floor(length / CUTS_MAX));
        for (let cut = 1; cut < length; cut += step) {
          expect(runVector(bench, vector, [cut]), `cut at ${cut}`).toEqual(vector.log);
        }
      });
    }
  });
}

afterAll(() => {
  expect(bench.core.exports.blocksLive(), "header blocks that nobody freed").toBe(0);
  expect(bench.core.exports.http1Live(), "connections that nobody closed").toBe(0);
});
