/** What both sides do with a verdict: its input from Node, its counters. */

import type { TLSSocket } from "node:tls";
import type { TlsStats } from "./tls_stats.ts";
import { FAILED_CHAIN, FAILED_PIN, FAILED_SAN, type Verdict } from "./validation.ts";

export function countVerdict(stats: TlsStats, { kind, chainFailed }: Verdict): void {
  if (chainFailed || kind === FAILED_CHAIN) stats.failVerifyError.inc();
  if (kind === FAILED_SAN) stats.failVerifySan.inc();
  if (kind === FAILED_PIN) stats.failVerifyCertHash.inc();
}

/** Node's name for what OpenSSL found wrong with the peer's chain. Without a certificate there is none either, whatever it says. */
export function chainErrorOf(secure: TLSSocket): string {
  if (secure.authorized) return "";
  const error = secure.authorizationError as unknown;
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error ?? "");
}
