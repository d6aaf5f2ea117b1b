/**
 * TLS 1.3 towards clients: CPU per connection with one request on it, with a new handshake and with a resumed one.
 * Certificate on P-256; all proxies take turns in every round.
 */
import { type Figure, median, type Work } from "../figure.ts";
import { TlsClient } from "../load/tls_client.ts";
import { cpuNanoseconds } from "../machine/accounting.ts";
import type { RunningPeer } from "../peers/peer.ts";
import { digits, printTable } from "../table.ts";

const BODY_BYTES = 1024;
const WARM_HANDSHAKES = 300;
const ROUND_HANDSHAKES = 24;
const AT_ONCE = 4;

type Kind = "new" | "resumed";

/** Highest ratio of Nuncio to a peer that this version should reach. */
const REACH: Readonly<Record<Kind, Readonly<Record<string, number>>>> = { new: { nginx: 1.5 }, resumed: {} };
const KINDS = Object.keys(REACH) as Kind[];

interface Series {
  readonly running: RunningPeer;
  readonly session: Buffer;
  /** Microseconds of CPU, one value per round. */
  readonly costs: Readonly<Record<Kind, number[]>>;
}

export const tlsHandshake: Work = {
  name: "tls_handshake",
  title: "CPU per connection over TLS with one request, new and resumed",
  async run(stand) {
    const rounds = stand.quick ? 7 : 21;
    const series: Series[] = [];
    const attempt = async (running: RunningPeer, step: () => Promise<void>) => {
      try {
        if (running.child.running) await step();
      } catch (error) {
        stand.trouble(running.peer, error);
        await running.child.stop();
      }
    };
    for (const running of await stand.shared(({ http }) => http)) {
      await attempt(running, async () => void series.push(await warmUp(running)));
    }
    for (let round = 0; round < rounds; round++) {
      for (const one of round % 2 === 0 ? series : series.toReversed()) await attempt(one.running, () => measure(one));
    }
    return report(series.filter(({ costs }) => KINDS.every((kind) => costs[kind].length === rounds)));
  },
};

async function warmUp(running: RunningPeer): Promise<Series> {
  const client = await TlsClient.open(running.site.tlsPort, BODY_BYTES);
  await client.exchange();
  const { session } = client;
  await client.close();
  if (session === undefined) throw new Error("it gave no session ticket");
  await shakeHands(running, WARM_HANDSHAKES);
  await shakeHands(running, WARM_HANDSHAKES, session);
  return { running, session, costs: { new: [], resumed: [] } };
}

async function measure({ running, session, costs }: Series): Promise<void> {
  for (const kind of KINDS) {
    const before = cpuNanoseconds(running.child.pid);
    await shakeHands(running, ROUND_HANDSHAKES, kind === "resumed" ? session : undefined);
    costs[kind].push((cpuNanoseconds(running.child.pid) - before) / 1000 / ROUND_HANDSHAKES);
  }
}

/** Connections with one request each, a few at a time. */
async function shakeHands({ site }: RunningPeer, count: number, session?: Buffer): Promise<void> {
  let left = count;
  const one = async () => {
    while (left-- > 0) {
      const client = await TlsClient.open(site.tlsPort, BODY_BYTES, session);
      await client.exchange();
      await client.close();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
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
      figures.push({ name: `tls_handshake, ${kind}: ${name}`, value: median(costs), unit: "µs CPU" });
      if (ratio === undefined) continue;
      const reach = REACH[kind][name];
      figures.push({
        name: `tls_handshake, ${kind}: nuncio/${name}`,
        value: ratio,
        unit: "x",
        ...(reach && { reach }),
      });
    }
  }
  printTable(
    "CPU per connection over TLS 1.3 with one request of 1 KiB",
    ["handshake", "proxy", "µs CPU", "lowest", "nuncio/proxy"],
    rows,
  );
  return figures;
}
