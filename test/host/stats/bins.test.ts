// Expected texts are what Envoy 1.40 printed for the same samples.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Bins,
  binLower,
  binWidth,
  cumulativeBuckets,
  disjointBuckets,
  NO_BINS,
  quantiles,
  sampleCount,
  sampleSum,
} from "../../../host/stats/bins.ts";
import { formatG } from "../../../host/stats/number_text.ts";
import { HISTOGRAM_BINS } from "../../../host/wasm/layout.gen.ts";
import { Ledger } from "../../../host/wasm/ledger.ts";

const ledger = Ledger.create(1).view.exports;

/** Bins of samples given as value: count. */
function binsOf(samples: Record<number, number>): Bins {
  const byBin = new Map<number, number>();
  for (const [value, count] of Object.entries(samples)) {
    const bin = ledger.histogramBin(Number(value));
    byBin.set(bin, (byBin.get(bin) ?? 0) + count);
  }
  const bins = [...byBin.keys()].sort((a, b) => a - b);
  return { bins, counts: bins.map((bin) => byBin.get(bin) as number) };
}

const times = binsOf({ 0: 30, 1: 17, 2: 7, 3: 1, 4: 2, 6: 1, 7: 1, 9: 1, 41: 2, 42: 1, 44: 2, 45: 1, 46: 1 });
const interval = binsOf({ 0: 14, 1: 8, 4: 1 });

describe("bins", () => {
  it.each([
    [0, 0, 0],
    [1, 1, 0.1],
    [7, 7, 0.1],
    [10, 10, 1],
    [41, 41, 1],
    [99, 99, 1],
    [100, 100, 10],
    [126, 120, 10],
    [110, 110.00000000000001, 10],
    [999, 990, 10],
    [1000, 1000, 100],
    [123456, 120000, 10000],
  ])("put %d into the one from %d, %d wide", (value, lower, width) => {
    const bin = ledger.histogramBin(value);
    expect(binLower(bin)).toBe(lower);
    expect(binWidth(bin)).toBeCloseTo(width, 10);
  });

  it("hold every whole number between their bounds, in rising order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999_999 }), (value) => {
        const bin = ledger.histogramBin(value);
        expect(binLower(bin)).toBeLessThanOrEqual(value * (1 + 1e-12));
        expect(binLower(bin) + binWidth(bin)).toBeGreaterThan(value);
        expect(ledger.histogramBin(value + 1)).toBeGreaterThanOrEqual(bin);
      }),
    );
  });

  it("end with one for all that is larger", () => {
    expect(ledger.histogramBin(1e12)).toBe(HISTOGRAM_BINS - 1);
    expect(ledger.histogramBin(Number.POSITIVE_INFINITY)).toBe(HISTOGRAM_BINS - 1);
    expect(ledger.histogramBin(-5)).toBe(0);
    expect(ledger.histogramBin(Number.NaN)).toBe(0);
  });
});

describe("quantiles", () => {
  it("are Envoy's", () => {
    expect(quantiles(times)).toEqual([
      0, 0, 1.0222222222222221, 2.05, 41.333333333333336, 44.333333333333336, 46.5, 46.5, 46.5, 46.5,
    ]);
    expect(quantiles(interval)).toEqual([
      0, 0, 0, 1.0444444444444445, 1.0777777777777777, 1.0888888888888888, 4.05, 4.05, 4.05, 4.05,
    ]);
    expect(quantiles(binsOf({ 2: 1, 7: 1, 20: 1, 26: 1, 35: 1, 52: 1, 126: 1 }))).toEqual([
      2.05, 7.05, 26.5, 52.5, 125, 125, 125, 125, 125, 125,
    ]);
  });

  it("are NaN without samples", () => {
    expect(quantiles(NO_BINS).every(Number.isNaN)).toBe(true);
  });
});

describe("sums", () => {
  it("are Envoy's to the last digit", () => {
    expect(sampleSum(times)).toBeCloseTo(371.907851557613, 10);
    expect(formatG(sampleSum(binsOf({ 255: 1 })), 32)).toBe("254.90196078431372939121501985937");
    expect(formatG(sampleSum(binsOf({ 2: 1, 7: 1, 20: 1, 26: 1, 35: 1, 52: 1, 126: 1 })), 32)).toBe(
      "268.86499263537740489482530392706",
    );
    expect(sampleCount(times)).toBe(67);
  });
});

describe("buckets", () => {
  it("count the bins whose lower bound is not above theirs", () => {
    expect(cumulativeBuckets(times).slice(0, 8)).toEqual([30, 47, 57, 60, 60, 67, 67, 67]);
    expect(cumulativeBuckets(interval).slice(0, 5)).toEqual([14, 22, 23, 23, 23]);
    expect(disjointBuckets(times).slice(0, 6)).toEqual([30, 17, 10, 3, 0, 7]);
    // 105 falls into [100, 110), which Envoy counts at 100; 110 does not.
    expect(cumulativeBuckets(binsOf({ 105: 1 })).slice(5, 8)).toEqual([0, 1, 1]);
    expect(cumulativeBuckets(binsOf({ 110: 1 })).slice(5, 8)).toEqual([0, 0, 1]);
    expect(cumulativeBuckets(binsOf({ 255: 1 })).slice(6, 8)).toEqual([0, 1]);
  });
});

describe("formatG", () => {
  it.each([
    [0, 6, "0"],
    [0.5, 6, "0.5"],
    [600_000, 6, "600000"],
    [1_800_000, 6, "1.8e+06"],
    [1_800_000, 32, "1800000"],
    [0.1, 6, "0.1"],
    [110.00000000000001, 6, "110"],
    [0.00001, 6, "1e-05"],
    [Number.NaN, 6, "nan"],
    [-2.5, 6, "-2.5"],
  ])("prints %d with %d digits as %s", (value, digits, text) => {
    expect(formatG(value, digits)).toBe(text);
  });
});
