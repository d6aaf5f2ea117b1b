/** The hosts file (hosts(5)): names that need no server. c-ares' queries pass it by, so it is read here. */

import { readFileSync, statSync } from "node:fs";
import { ipAddress } from "../address.ts";

export interface HostEntry {
  readonly ip: string;
  readonly version: 4 | 6;
}

const NO_ENTRIES: readonly HostEntry[] = [];

/** A file that is read again when it has changed. A missing file has no names. */
export class HostsFile {
  private readonly path: string;
  private stamp = "";
  private names: ReadonlyMap<string, readonly HostEntry[]> = new Map();

  constructor(path: string) {
    this.path = path;
  }

  /** Addresses of a name, in the file's order; names compare without case. */
  lookup(name: string): readonly HostEntry[] {
    this.refresh();
    return this.names.get(name.toLowerCase()) ?? NO_ENTRIES;
  }

  private refresh(): void {
    const stat = statSync(this.path, { throwIfNoEntry: false });
    const stamp = stat === undefined ? "missing" : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
    if (stamp === this.stamp) return;
    this.stamp = stamp;
    this.names = stat === undefined ? new Map() : parseHosts(readText(this.path));
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not readable for us: the same as not there, names then go to the servers.
    return "";
  }
}

/** Lines that do not begin with an address are passed over, as every resolver does. */
export function parseHosts(text: string): ReadonlyMap<string, readonly HostEntry[]> {
  const names = new Map<string, HostEntry[]>();
  for (const line of text.split("\n")) {
    const [printed, ...aliases] = line
      .replace(/#.*/, "")
      .split(/\s+/)
      .filter((word) => word !== "");
    const address = printed === undefined ? null : ipAddress(printed, 0);
    if (address === null) continue;
    for (const alias of aliases) {
      const name = alias.toLowerCase();
      const entries = names.get(name) ?? [];
      if (!entries.some(({ ip }) => ip === address.ip)) entries.push({ ip: address.ip, version: address.version });
      names.set(name, entries);
    }
  }
  return names;
}
