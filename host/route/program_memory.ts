/** Programs in the config arena that belong together and are given back together. */

import type { ConfigArena } from "../wasm/config_arena.ts";

export class ProgramMemory {
  private readonly arena: ConfigArena;
  private readonly addresses: number[] = [];

  constructor(arena: ConfigArena) {
    this.arena = arena;
  }

  /** Stores a program. @returns its address. Throws ConfigArenaFull. */
  store(bytes: Uint8Array): number {
    const address = this.arena.store(bytes);
    this.addresses.push(address);
    return address;
  }

  /** Gives everything back. Nothing may use the addresses any more. */
  dispose(): void {
    for (const address of this.addresses.splice(0)) this.arena.release(address);
  }
}
