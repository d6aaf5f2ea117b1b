// Text into a core and out of it, for tests that call its functions directly.

import type { Core } from "../../host/wasm/core.ts";
import { SCRATCH_START } from "../../host/wasm/layout.gen.ts";

/** Where `write` puts text: in scratch, behind what the header view uses for names. */
export const TEXT_AT = SCRATCH_START + 0x2_0000;

/** Writes latin1 text at an address; its length. */
export function write(core: Core, text: string, at: number = TEXT_AT): number {
  return core.bytes.write(text, at, "latin1");
}

/** Reads latin1 text. */
export function read(core: Core, at: number, length: number): string {
  return core.bytes.toString("latin1", at, at + length);
}
