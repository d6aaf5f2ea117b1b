/**
 * Latency at a fixed rate. Requests are due at fixed moments and late ones count from when they were due, so a proxy
 * that stops for a while pays for everything that waited. Proxies take turns in slices; percentiles are of all slices.
 */
import type { Histogram } from "hdr-histogram-js";
import type { Figure, Work } from "../figure.ts";
import { emptyHistogram, type Generator } from "../load/generator.ts";
import type { RunningPeer } from "../peers/peer.ts";
import { digits, printTable } from "../table.ts";

const RATE = 4_000;
const CONNECTIONS = 32;
const BODY_BYTES = 1024;
const WARM_REQUESTS = 20_000;
const PERCENTILES = [50, 90, 99, 99.9] as const;

interface Series {
  readonly running: RunningPeer;
  readonly generator: Generator;
  readonly histogram: Histogram;
}

const title = `Latency, open loop at ${RATE} requests/s from the moment due, 1 KiB, ${CONNECTIONS} connections`;

export const openLoop: Work = {
  name: "open_loop",
  title,
  async run(stand) {
    const slices = stand.quick ? 2 : 4;
    const perSlice = RATE * (stand.quick ? 1 : 2);
    let series: Series[] = [];
    for (const running of await stand.shared(({ http }) => http)) {
      const generator = await stand.generator({
        port: running.site.httpPort,
        connections: CONNECTIONS,
        path: `/bytes/${BODY_BYTES}`,
        bodyBytes: BODY_BYTES,
      });
      series.push({ running, generator, histogram: emptyHistogram() });
    }
    const run = async ({ running, generator, histogram }: Series, slice: number) => {
      if (slice < 0) await generator.closed(WARM_REQUESTS);
      else addTo(histogram, (await generator.open(RATE, perSlice)).buckets);
      return running.child.running;
    };
    for (let slice = -1; slice < slices; slice++) {
      const alive: Series[] = [];
      for (const one of slice % 2 === 0 ? series : series.toReversed()) {
        try {
          if (await run(one, slice)) alive.push(one);
        } catch (error) {
          stand.trouble(one.running.peer, error);
          await one.running.child.stop();
        }
      }
      series = series.filter((one) => alive.includes(one));
    }
    await Promise.all(series.map(({ generator }) => generator.stop()));
    return report(series);
  },
};

function addTo(histogram: Histogram, buckets: readonly (readonly [number, number])[]): void {
  for (const [value, count] of buckets) histogram.recordValueWithCount(value, count);
}

function report(series: readonly Series[]): Figure[] {
  const at = ({ histogram }: Series, percentile: number) => histogram.getValueAtPercentile(percentile) / 1000;
  const rows = series.map((one) => [
    one.running.peer.name,
    ...PERCENTILES.map((percentile) => digits(at(one, percentile))),
    digits(one.histogram.maxValue / 1000),
    String(one.histogram.totalCount),
  ]);
  printTable(title, ["proxy", ...PERCENTILES.map((percentile) => `P${percentile} µs`), "max µs", "requests"], rows);

  const figures: Figure[] = series.map((one) => ({
    name: `open_loop: ${one.running.peer.name} P99.9`,
    value: at(one, 99.9),
    unit: "µs",
  }));
  const ours = series.find(({ running }) => running.peer.name === "nuncio");
  for (const one of series) {
    const { name } = one.running.peer;
    if (ours === undefined || (name !== "envoy" && name !== "nginx")) continue;
    const value = at(ours, 99.9) / at(one, 99.9);
    // Envoy's tail is to be reached now, nginx's one day.
    const limit = name === "envoy" ? { reach: 1 } : { goal: 1 };
    figures.push({ name: `open_loop: P99.9 nuncio/${name}`, value, unit: "x", ...limit });
  }
  return figures;
}
