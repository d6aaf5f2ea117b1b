/**
 * CPU per request: the proxy's own CPU clock before and after a fixed number of requests, divided by that number. All
 * proxies take turns in every round, so what drifts on the machine drifts for all of them; a ratio is the median of the
 * rounds' ratios. Seconds are not compared: the same core serves generator and upstream for each of them.
 */
import { type Figure, median, quantile, type Work } from "../figure.ts";
import type { H2LoadTarget } from "../load/h2load.ts";
import { cpuNanoseconds } from "../machine/accounting.ts";
import type { Peer, RunningPeer } from "../peers/peer.ts";
import type { Stand } from "../stand.ts";
import { digits, printTable } from "../table.ts";

/** Who sends the requests of one work to one proxy. */
interface Load {
  closed(count: number): Promise<{ readonly count: number; readonly seconds: number }>;
  stop(): Promise<void>;
}

interface CostWork {
  readonly name: string;
  readonly title: string;
  /** Whether a proxy can do it. */
  fits(peer: Peer): boolean;
  /** Undefined: there is no generator for it on this machine, which was said. */
  load(stand: Stand, running: RunningPeer): Promise<Load | undefined>;
  /** How long a round of one proxy takes. */
  readonly roundSeconds: number;
  readonly rounds: number;
  /** Highest ratio of Nuncio to a peer: what to reach, and where we go. */
  readonly limits: Readonly<Record<string, readonly [reach: number | undefined, goal: number | undefined]>>;
}

const WARM_REQUESTS = 20_000;
/** A proxy whose code is compiled while it runs is measured when that is over: a hundred thousand requests of Nuncio's. */
const WARM_SECONDS = 4;
/** Many short rounds and not a few long ones: on a shared machine most moments are disturbed, and a median needs many. */
const SHORT = { roundSeconds: 0.1, rounds: 61 } as const;
/** Where each round opens its connections anew, it is long enough for that not to count. */
const LONG = { roundSeconds: 0.5, rounds: 21 } as const;

/** The costs of one proxy, one value per round. */
interface Series {
  readonly running: RunningPeer;
  readonly generator: Load;
  readonly count: number;
  readonly microseconds: number[];
  readonly perSecond: number[];
}

export function costWork(work: CostWork): Work {
  return {
    name: work.name,
    title: work.title,
    async run(stand) {
      const rounds = stand.quick ? Math.ceil(work.rounds / 5) : work.rounds;
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
  for (const running of await stand.shared((peer) => work.fits(peer))) {
    const { peer } = running;
    try {
      const generator = await work.load(stand, running);
      if (generator === undefined) return [];
      const { count, seconds } = await generator.closed(WARM_REQUESTS);
      const warm = await generator.closed(Math.ceil((count / seconds) * (stand.quick ? 1 : WARM_SECONDS)));
      const perRound = Math.ceil((warm.count / warm.seconds) * work.roundSeconds);
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

const CONNECTIONS = 32;

/** HTTP/1.1 without TLS; the floor, which knows no HTTP, passes the same bytes. */
function plainHttp(bodyBytes: number): Pick<CostWork, "fits" | "load"> {
  return {
    fits: ({ http, name }) => http || name === "floor",
    load: (stand, { peer, site }) =>
      stand.generator({
        port: peer.http ? site.httpPort : site.tcpPort,
        connections: CONNECTIONS,
        path: `/bytes/${bodyBytes}`,
        bodyBytes,
      }),
  };
}

/** What h2load sends: HTTP/2, or HTTP/1.1 over TLS. */
function h2load(
  via: "h2c" | "tls",
  shape: Pick<H2LoadTarget, "protocol" | "connections" | "streams">,
): Pick<CostWork, "fits" | "load"> {
  return {
    fits: ({ http }) => http,
    async load(stand, { site }) {
      const origin = via === "tls" ? `https://127.0.0.1:${site.tlsPort}` : `http://127.0.0.1:${site.h2cPort}`;
      return stand.h2load({ url: `${origin}/bytes/1024`, ...shape, bodyBytes: 1024 });
    },
  };
}

export const http1k = costWork({
  name: "http_1k",
  title: "CPU per request, HTTP/1.1 keep-alive, 1 KiB, 32 connections",
  ...SHORT,
  ...plainHttp(1024),
  limits: { nginx: [0.85, 0.75], haproxy: [0.95, 0.8], envoy: [0.3, 0.24] },
});

export const http16k = costWork({
  name: "http_16k",
  title: "CPU per request, HTTP/1.1 keep-alive, 16 KiB, 32 connections",
  ...SHORT,
  ...plainHttp(16_384),
  limits: { nginx: [0.85, 0.75] },
});

export const tcp1k = costWork({
  name: "tcp",
  title: "CPU per round trip of 1 KiB through tcp_proxy, 32 connections",
  ...SHORT,
  fits: ({ tcp }) => tcp,
  load: (stand, { site }) =>
    stand.generator({ port: site.tcpPort, connections: CONNECTIONS, path: "/bytes/1024", bodyBytes: 1024 }),
  limits: { floor: [1.3, 1.2] },
});

const MULTIPLEXED = { protocol: "h2", connections: 8, streams: 32 } as const;

export const h2c = costWork({
  name: "h2c",
  title: "CPU per request, HTTP/2 without TLS to HTTP/1.1, 1 KiB, 8 connections of 32 streams",
  ...LONG,
  ...h2load("h2c", MULTIPLEXED),
  limits: { nginx: [0.75, undefined], envoy: [0.4, undefined], haproxy: [undefined, 1] },
});

export const h2tls = costWork({
  name: "h2_tls",
  title: "CPU per request, HTTP/2 over TLS to HTTP/1.1, 1 KiB, 8 connections of 32 streams",
  ...LONG,
  ...h2load("tls", MULTIPLEXED),
  limits: { nginx: [0.85, undefined], envoy: [0.45, undefined], haproxy: [undefined, 1] },
});

export const http1tls = costWork({
  name: "http1_tls",
  title: "CPU per request, HTTP/1.1 over TLS, 1 KiB, 32 connections",
  ...LONG,
  ...h2load("tls", { protocol: "http/1.1", connections: CONNECTIONS, streams: 1 }),
  limits: { nginx: [1.1, 0.95], envoy: [0.5, undefined] },
});
