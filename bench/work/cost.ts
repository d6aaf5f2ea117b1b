/**
 * CPU per request: the proxy's own CPU clock before and after a fixed number of requests, divided by that number. All
 * proxies take turns in every round, so what drifts on the machine drifts for all of them; a ratio is the median of the
 * rounds' ratios. Seconds are not compared: the same core serves generator and upstream for each of them.
 */
import { type Figure, median, quantile, type Work } from "../figure.ts";
import type { Generator } from "../load/generator.ts";
import { cpuNanoseconds } from "../machine/accounting.ts";
import type { RunningPeer } from "../peers/peer.ts";
import type { Stand } from "../stand.ts";
import { digits, printTable } from "../table.ts";

interface CostWork {
  readonly name: string;
  readonly title: string;
  readonly bodyBytes: number;
  readonly connections: number;
  readonly via: "http" | "tcp";
  /** Highest ratio of Nuncio to a peer: what to reach, and where we go. */
  readonly limits: Readonly<Record<string, readonly [reach: number, goal: number | undefined]>>;
}

const WARM_REQUESTS = 20_000;
/** A proxy whose code is compiled while it runs is measured when that is over: a hundred thousand requests of Nuncio's. */
const WARM_SECONDS = 4;
/** Many short rounds and not a few long ones: on a shared machine most moments are disturbed, and a median needs many. */
const ROUND_SECONDS = 0.1;

/** The costs of one proxy, one value per round. */
interface Series {
  readonly running: RunningPeer;
  readonly generator: Generator;
  readonly count: number;
  readonly microseconds: number[];
  readonly perSecond: number[];
}

export function costWork(work: CostWork): Work {
  return {
    name: work.name,
    title: work.title,
    async run(stand) {
      const rounds = stand.quick ? 11 : 61;
      const series = await warmUp(stand, work);
      for (let round = 0; round < rounds; round++) {
        // Turn by turn, and in the other direction in every other round.
        for (const one of round % 2 === 0 ? series : series.toReversed()) await measure(stand, one);
      }
      await Promise.all(series.map(({ generator }) => generator.stop()));
      return report(
        work,
        series.filter(({ microseconds }) => microseconds.length === rounds),
      );
    },
  };
}

async function warmUp(stand: Stand, work: CostWork): Promise<Series[]> {
  const series: Series[] = [];
  const fits =
    work.via === "http" ? stand.shared(({ http, name }) => http || name === "floor") : stand.shared(({ tcp }) => tcp);
  for (const running of await fits) {
    const { peer, site } = running;
    const port = work.via === "http" && peer.http ? site.httpPort : site.tcpPort;
    const path = `/bytes/${work.bodyBytes}`;
    const generator = await stand.generator({ port, connections: work.connections, path, bodyBytes: work.bodyBytes });
    try {
      const { count, seconds } = await generator.closed(WARM_REQUESTS);
      const warm = await generator.closed(Math.ceil((count / seconds) * (stand.quick ? 1 : WARM_SECONDS)));
      const perRound = Math.ceil((warm.count / warm.seconds) * ROUND_SECONDS);
      series.push({ running, generator, count: perRound, microseconds: [], perSecond: [] });
    } catch (error) {
      stand.trouble(peer, error);
    }
  }
  return series;
}

async function measure(stand: Stand, { running, generator, count, microseconds, perSecond }: Series): Promise<void> {
  if (!running.child.running) return;
  try {
    const before = cpuNanoseconds(running.child.pid);
    const { seconds } = await generator.closed(count);
    microseconds.push((cpuNanoseconds(running.child.pid) - before) / 1000 / count);
    perSecond.push(count / seconds);
  } catch (error) {
    stand.trouble(running.peer, error);
    await running.child.stop();
  }
}

function report(work: CostWork, series: readonly Series[]): Figure[] {
  const ours = series.find(({ running }) => running.peer.name === "nuncio");
  const ratios = (other: Series) =>
    ours?.microseconds.map((value, round) => value / (other.microseconds[round] as number));
  const rows = series.map((one) => {
    const against = one === ours ? undefined : ratios(one);
    return [
      one.running.peer.name,
      digits(median(one.microseconds)),
      digits(Math.min(...one.microseconds)),
      median(one.perSecond).toFixed(0),
      against ? digits(median(against)) : "",
      against ? `${digits(quantile(against, 0.25))} to ${digits(quantile(against, 0.75))}` : "",
    ];
  });
  printTable(
    work.title,
    ["proxy", "µs CPU/request", "lowest", "requests/s", "nuncio/proxy", "half of the rounds"],
    rows,
  );

  const figures: Figure[] = [];
  for (const one of series) {
    const { name } = one.running.peer;
    figures.push({ name: `${work.name}: ${name}`, value: median(one.microseconds), unit: "µs CPU per request" });
    const against = one === ours ? undefined : ratios(one);
    if (against === undefined) continue;
    const [reach, goal] = work.limits[name] ?? [undefined, undefined];
    figures.push({
      name: `${work.name}: nuncio/${name}`,
      value: median(against),
      unit: "x",
      ...(reach !== undefined && { reach }),
      ...(goal !== undefined && { goal }),
    });
  }
  return figures;
}

export const http1k = costWork({
  name: "http_1k",
  title: "CPU per request, HTTP/1.1 keep-alive, 1 KiB, 32 connections",
  bodyBytes: 1024,
  connections: 32,
  via: "http",
  limits: { nginx: [0.85, 0.75], haproxy: [0.95, 0.8], envoy: [0.3, 0.24] },
});

export const http16k = costWork({
  name: "http_16k",
  title: "CPU per request, HTTP/1.1 keep-alive, 16 KiB, 32 connections",
  bodyBytes: 16_384,
  connections: 32,
  via: "http",
  limits: { nginx: [0.85, 0.75] },
});

export const tcp1k = costWork({
  name: "tcp",
  title: "CPU per round trip of 1 KiB through tcp_proxy, 32 connections",
  bodyBytes: 1024,
  connections: 32,
  via: "tcp",
  limits: { floor: [1.3, 1.2] },
});
