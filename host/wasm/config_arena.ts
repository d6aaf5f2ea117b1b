/**
 * Memory for compiled configs: match programs, constant header operations, tables of hosts. First fit over a list of free runs, sorted by address;
 * neighbours join when they are freed. Allocation happens when a config changes, not per request.
 */

import type { Core } from "./core.ts";
import { CONFIG_ARENA_START } from "./layout.gen.ts";

/** Programs hold words and pairs of words; 16 also suits vectors. */
const ALIGNMENT = 16;

/** The arena has no run of that size: the config is refused, the old one stays. */
export class ConfigArenaFull extends Error {
  override readonly name = "ConfigArenaFull";

  /** There are so many bytes, but in pieces. */
  readonly isScattered: boolean;

  constructor(wanted: number, free: number) {
    super(`the config arena has no ${wanted} bytes in one piece (${free} bytes free in all)`);
    this.isScattered = free >= wanted;
  }
}

export class ConfigArena {
  readonly core: Core;
  private readonly free: { at: number; bytes: number }[];
  private readonly taken = new Map<number, number>();
  private usedBytes = 0;

  constructor(core: Core) {
    this.core = core;
    this.free = [{ at: CONFIG_ARENA_START, bytes: core.bytes.length - CONFIG_ARENA_START }];
  }

  /** Bytes in use, rounded up to whole units. */
  get used(): number {
    return this.usedBytes;
  }

  /** Address of a run of zeros, aligned to 16. Throws ConfigArenaFull. */
  allocate(bytes: number): number {
    const at = this.fit(bytes);
    if (at === 0) throw this.full(bytes);
    this.take(at, wholeUnits(bytes));
    this.core.bytes.fill(0, at, at + wholeUnits(bytes));
    return at;
  }

  /** Whether `allocate` would find room now. */
  hasRoom(bytes: number): boolean {
    return this.fit(bytes) !== 0;
  }

  /**
   * A run of zeros for one that is given up, and whose bytes it may get. Throws ConfigArenaFull when there is no room even
   * so; the old run stays as it is then.
   */
  replace(at: number, bytes: number): number {
    const before = this.taken.get(at) as number;
    this.release(at);
    if (!this.hasRoom(bytes)) {
      const error = this.full(bytes);
      this.take(at, before);
      throw error;
    }
    return this.allocate(bytes);
  }

  /** A copy of the bytes in the arena; its address. Throws ConfigArenaFull. */
  store(bytes: Uint8Array): number {
    const at = this.allocate(bytes.length);
    this.core.bytes.set(bytes, at);
    return at;
  }

  /** Gives back what `allocate` or `store` returned. Anything else, and the same twice, throws. */
  release(at: number): void {
    const bytes = this.taken.get(at);
    if (bytes === undefined) throw new Error(`nothing is allocated at ${at}`);
    this.taken.delete(at);
    this.usedBytes -= bytes;
    const next = this.free.findIndex((run) => run.at > at);
    const place = next < 0 ? this.free.length : next;
    this.free.splice(place, 0, { at, bytes });
    this.join(place);
    this.join(place - 1);
  }

  /** Where so many bytes fit first; 0: nowhere. */
  private fit(bytes: number): number {
    const whole = wholeUnits(bytes);
    return this.free.find((run) => run.bytes >= whole)?.at ?? 0;
  }

  /** Takes free bytes, wherever they stand in their run. */
  private take(at: number, bytes: number): void {
    const index = this.free.findIndex((run) => run.at <= at && at + bytes <= run.at + run.bytes);
    const run = this.free[index] as { at: number; bytes: number };
    const rest = [
      { at: run.at, bytes: at - run.at },
      { at: at + bytes, bytes: run.at + run.bytes - at - bytes },
    ];
    this.free.splice(index, 1, ...rest.filter((piece) => piece.bytes > 0));
    this.taken.set(at, bytes);
    this.usedBytes += bytes;
  }

  private full(wanted: number): ConfigArenaFull {
    return new ConfigArenaFull(
      wanted,
      this.free.reduce((sum, run) => sum + run.bytes, 0),
    );
  }

  /** Joins run `i` with the one behind it if they touch. */
  private join(i: number): void {
    const run = this.free[i];
    const behind = this.free[i + 1];
    if (run === undefined || behind === undefined || run.at + run.bytes !== behind.at) return;
    this.free.splice(i, 2, { at: run.at, bytes: run.bytes + behind.bytes });
  }
}

function wholeUnits(bytes: number): number {
  return Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
}
