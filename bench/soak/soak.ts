/**
 * A soak: long or heavy work after which the proxy must be as it was. It throws when something is wrong, and otherwise
 * says in one line what it saw.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { residentBytes } from "../machine/accounting.ts";
import type { Peer } from "../peers/peer.ts";
import type { Stand } from "../stand.ts";

export interface Soak {
  readonly name: string;
  readonly title: string;
  run(stand: Stand, peer: Peer): Promise<string>;
}

const MIB = 1024 * 1024;
const WATCH_MS = 100;

/** Resident memory of a process, watched. */
export class MemoryWatch {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  highest = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => {
      this.highest = Math.max(this.highest, this.now());
    }, WATCH_MS);
  }

  /** MiB. A process that is gone is the trouble of whoever talks to it. */
  now(): number {
    try {
      return residentBytes(this.#pid) / MIB;
    } catch {
      return 0;
    }
  }

  /** The lowest of a second's readings: what stays when short-lived memory is given back. */
  async settled(): Promise<number> {
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 10; i++) {
      lowest = Math.min(lowest, this.now());
      await sleep(WATCH_MS);
    }
    return lowest;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

export function mustBe(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}
