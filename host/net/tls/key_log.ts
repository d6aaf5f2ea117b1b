/** `key_log`: secrets of connections, for who wants to read what was said on them (NSS key log format). */

import type { CidrRange as CidrConfig } from "../../config/types/core.ts";
import type { CommonTlsContext, TlsKeyLog } from "../../config/types/tls.ts";
import type { Address } from "../address.ts";
import { CidrList, cidrRange } from "../cidr.ts";

/** Takes a line, with its newline. */
export type KeyLogSink = (line: string) => void;

export class KeyLog {
  private readonly sink: KeyLogSink;
  private readonly local: CidrList | null;
  private readonly remote: CidrList | null;

  constructor({ local_address_range: local, remote_address_range: remote }: TlsKeyLog, sink: KeyLogSink) {
    this.sink = sink;
    this.local = listOf(local);
    this.remote = listOf(remote);
  }

  /** Null: connections between these addresses are not logged. */
  between(local: Address, remote: Address): KeyLogSink | null {
    return isIn(this.local, local) && isIn(this.remote, remote) ? this.sink : null;
  }
}

/** Where lines go, by path. */
export interface KeyLogFiles {
  sink(path: string): { write(line: string): void };
}

/** Null: none is asked for. */
export function keyLogOf(common: CommonTlsContext | undefined, files: KeyLogFiles): KeyLog | null {
  const config = common?.key_log;
  if (config === undefined) return null;
  const sink = files.sink(config.path);
  return new KeyLog(config, (line) => sink.write(line));
}

function listOf(ranges: readonly CidrConfig[] = []): CidrList | null {
  if (ranges.length === 0) return null;
  return new CidrList(ranges.flatMap((range) => cidrRange(range.address_prefix, range.prefix_len ?? 0) ?? []));
}

function isIn(list: CidrList | null, address: Address): boolean {
  return list === null || (address.kind === "ip" && list.contains(address));
}
