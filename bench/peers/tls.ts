/** The peers with a listener over TLS beside the plain one: the same certificate, the same service. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../machine/find.ts";
import { freePorts } from "../machine/ports.ts";
import type { Stand } from "../stand.ts";
import { type RunningPeer, startPeer, type TlsSite } from "./peer.ts";

export interface TlsPeer extends RunningPeer {
  readonly tls: TlsSite;
}

/** Fresh processes, which the caller stops. None, said aloud, where no certificate can be made. */
export async function startTlsPeers(stand: Stand): Promise<TlsPeer[]> {
  const openssl = findProgram("openssl");
  if (openssl === undefined) {
    console.log("SKIPPED TLS: it needs openssl for a certificate");
    return [];
  }
  const certificate = join(stand.folder, "bench.crt");
  const key = join(stand.folder, "bench.key");
  if (!existsSync(certificate)) {
    const subject = ["-subj", "/CN=bench.example", "-days", "2", "-nodes"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    const made = spawnSync(openssl, ["req", "-x509", ...curve, ...subject, "-keyout", key, "-out", certificate]);
    if (made.status !== 0) throw new Error(`openssl made no certificate: ${made.stderr}`);
  }
  const running: TlsPeer[] = [];
  for (const peer of stand.peers.filter((one) => one.tls)) {
    try {
      const [port] = (await freePorts(1)) as [number];
      const tls = { port, certificate, key };
      const site = { ...(await stand.site()), tls };
      running.push({ ...(await startPeer(peer, site, { core: stand.cores.proxy })), tls });
    } catch (error) {
      stand.trouble(peer, error);
    }
  }
  return running;
}
