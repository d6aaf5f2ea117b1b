/**
 * What an idle TLS connection holds after one request on it, beyond the first thousand: until then a heap that is
 * collected grows to its working size. Fresh processes.
 */
import type { Figure, Work } from "../figure.ts";
import { TlsClient } from "../load/tls_client.ts";
import { residentBytes } from "../machine/accounting.ts";
import { digits, printTable } from "../table.ts";

const BODY_BYTES = 1024;
const WARM_CONNECTIONS = 1_000;
const KIB = 1024;
/** Highest ratio of Nuncio to a peer that this version should reach. */
const REACH: Readonly<Record<string, number>> = { envoy: 1.5 };

export const tlsMemory: Work = {
  name: "tls_memory",
  title: "Memory per idle TLS connection",
  async run(stand) {
    await stand.stopShared();
    const connections = stand.quick ? 500 : 1_500;
    const held = new Map<string, number>();
    for (const peer of stand.peers.filter(({ http }) => http)) {
      const running = await stand.start(peer).catch((error) => stand.trouble(peer, error));
      if (!running) continue;
      try {
        const first = await hold(running.site.tlsPort, WARM_CONNECTIONS);
        const warmed = residentBytes(running.child.pid);
        const clients = await hold(running.site.tlsPort, connections);
        held.set(peer.name, (residentBytes(running.child.pid) - warmed) / connections / KIB);
        await Promise.all([...first, ...clients].map((client) => client.close()));
      } catch (error) {
        stand.trouble(peer, error);
      } finally {
        await running.child.stop();
      }
    }
    const ours = held.get("nuncio");
    const figures: Figure[] = [];
    for (const [name, value] of held) {
      figures.push({ name: `tls_memory: ${name} per idle connection`, value, unit: "KiB" });
      if (ours === undefined || name === "nuncio") continue;
      const reach = REACH[name];
      figures.push({ name: `tls_memory: nuncio/${name}`, value: ours / value, unit: "x", ...(reach && { reach }) });
    }
    printTable(
      `Memory per idle TLS connection, ${connections} of them beyond the first ${WARM_CONNECTIONS}, after one request each`,
      ["proxy", "KiB/connection"],
      [...held].map(([name, value]) => [name, digits(value)]),
    );
    return figures;
  },
};

async function hold(port: number, count: number): Promise<TlsClient[]> {
  const clients: TlsClient[] = [];
  for (let i = 0; i < count; i++) {
    const client = await TlsClient.open(port, BODY_BYTES);
    await client.exchange();
    clients.push(client);
  }
  return clients;
}
