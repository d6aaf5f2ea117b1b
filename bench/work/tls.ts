/**
 * TLS 1.3 towards clients: CPU per request on connections that stay open, and per connection with one request on it, with
 * a new handshake and with a resumed one. Certificate on P-256; all proxies take turns in every round.
 */
import { type Figure, median, type Work } from "../figure.ts";
import { exchangeAll, TlsClient } from "../load/tls_client.ts";
import { cpuNanoseconds } from "../machine/accounting.ts";
import { startTlsPeers, type TlsPeer } from "../peers/tls.ts";
import { digits, printTable } from "../table.ts";

const BODY_BYTES = 1024;
const CONNECTIONS = 16;
const WARM_REQUESTS = 10_000;
const WARM_HANDSHAKES = 200;
const ROUND_REQUESTS = 1_000;
const ROUND_HANDSHAKES = 24;
const HANDSHAKES_AT_ONCE = 4;

type Kind = "request" | "new handshake" | "resumed handshake";

/** Highest ratio of Nuncio to a peer that this version should reach. */
const REACH: Readonly<Record<Kind, Readonly<Record<string, number>>>> = {
  request: { nginx: 1.1, envoy: 0.5 },
  "new handshake": { nginx: 1.5 },
  "resumed handshake": {},
};
const KINDS = Object.keys(REACH) as Kind[];

interface Series {
  readonly running: TlsPeer;
  readonly clients: readonly TlsClient[];
  readonly session: Buffer;
  /** Microseconds of CPU, one value per round. */
  readonly costs: Record<Kind, number[]>;
}

export const tls: Work = {
  name: "tls",
  title: "CPU per request over TLS, and per new and resumed handshake",
  async run(stand) {
    await stand.stopShared();
    const rounds = stand.quick ? 5 : 15;
    const peers = await startTlsPeers(stand);
    const series: Series[] = [];
    const attempt = async (running: TlsPeer, step: () => Promise<void>) => {
      try {
        if (running.child.running) await step();
      } catch (error) {
        stand.trouble(running.peer, error);
        await running.child.stop();
      }
    };
    for (const running of peers) await attempt(running, async () => void series.push(await warmUp(running)));
    for (let round = 0; round < rounds; round++) {
      for (const one of round % 2 === 0 ? series : series.toReversed()) await attempt(one.running, () => measure(one));
    }
    await Promise.all(series.flatMap(({ clients }) => clients.map((client) => client.close())));
    await Promise.all(peers.map(({ child }) => child.stop()));
    return report(series.filter(({ costs }) => KINDS.every((kind) => costs[kind].length === rounds)));
  },
};

async function warmUp(running: TlsPeer): Promise<Series> {
  const clients: TlsClient[] = [];
  for (let i = 0; i < CONNECTIONS; i++) clients.push(await TlsClient.open(running.tls.port, BODY_BYTES));
  await exchangeAll(clients, WARM_REQUESTS);
  const session = clients[0]?.session;
  if (session === undefined) throw new Error("it gave no session ticket");
  await shakeHands(running, WARM_HANDSHAKES);
  await shakeHands(running, WARM_HANDSHAKES, session);
  return { running, clients, session, costs: { request: [], "new handshake": [], "resumed handshake": [] } };
}

async function measure({ running, clients, session, costs }: Series): Promise<void> {
  const cost = async (kind: Kind, count: number, work: () => Promise<void>) => {
    const before = cpuNanoseconds(running.child.pid);
    await work();
    costs[kind].push((cpuNanoseconds(running.child.pid) - before) / 1000 / count);
  };
  await cost("request", ROUND_REQUESTS, () => exchangeAll(clients, ROUND_REQUESTS));
  await cost("new handshake", ROUND_HANDSHAKES, () => shakeHands(running, ROUND_HANDSHAKES));
  await cost("resumed handshake", ROUND_HANDSHAKES, () => shakeHands(running, ROUND_HANDSHAKES, session));
}

/** Connections with one request each, a few at a time. */
async function shakeHands({ tls }: TlsPeer, count: number, session?: Buffer): Promise<void> {
  let left = count;
  const one = async () => {
    while (left-- > 0) {
      const client = await TlsClient.open(tls.port, BODY_BYTES, session);
      await client.exchange();
      await client.close();
    }
  };
  await Promise.all(Array.from({ length: HANDSHAKES_AT_ONCE }, one));
}

function report(series: readonly Series[]): Figure[] {
  const ours = series.find(({ running }) => running.peer.name === "nuncio");
  const rows: string[][] = [];
  const figures: Figure[] = [];
  for (const kind of KINDS) {
    for (const one of series) {
      const { name } = one.running.peer;
      const costs = one.costs[kind];
      const ratio =
        ours === undefined || ours === one
          ? undefined
          : median(ours.costs[kind].map((value, round) => value / (costs[round] as number)));
      rows.push([kind, name, digits(median(costs)), digits(Math.min(...costs)), ratio ? digits(ratio) : ""]);
      figures.push({ name: `tls, ${kind}: ${name}`, value: median(costs), unit: "µs CPU" });
      if (ratio === undefined) continue;
      const reach = REACH[kind][name];
      figures.push({ name: `tls, ${kind}: nuncio/${name}`, value: ratio, unit: "x", ...(reach && { reach }) });
    }
  }
  const title = `TLS 1.3: CPU per request of 1 KiB on ${CONNECTIONS} connections, and per connection with one request`;
  printTable(title, ["what", "proxy", "µs CPU", "lowest", "nuncio/proxy"], rows);
  return figures;
}
