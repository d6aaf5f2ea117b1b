/** The regions of core memory that sockets use: where reads land and where writes leave from (contracts in host/net/socket). */

import type { Core } from "./core.ts";
import {
  OUTPUT_SLAB_BYTES,
  OUTPUT_SLABS_MAX,
  OUTPUT_SLABS_START,
  READ_BUFFER_BYTES,
  READ_BUFFER_START,
  READ_STAGE_BYTES,
  READ_STAGE_START,
} from "./layout.gen.ts";

/** Every read of every socket of the worker lands here. */
export interface CoreReadBuffer {
  readonly bytes: Uint8Array;
  /** Where it lies in core memory. */
  readonly address: number;
}

/**
 * Reads land half a page of the machine behind the start of their region, which has a page to spare. A body is copied from there to an
 * output slab, a few bytes further from its start than it lay in the read buffer. memory.copy becomes `rep movsb`, which
 * on AMD's Zen 3 takes twenty times as long (16 KiB: 6 us instead of 0.3) when the target lies 1 to 31 bytes behind the
 * source modulo 4 KiB. This keeps the two apart whatever the lengths of the heads.
 */
const READ_SHIFT = 2048;

export function readBufferOf(core: Core): CoreReadBuffer {
  const address = READ_BUFFER_START + READ_SHIFT;
  return { bytes: new Uint8Array(core.memory.buffer as ArrayBuffer, address, READ_BUFFER_BYTES), address };
}

/** The run of memory in which small reads wait for the others of their pass, and the way there. */
export interface ReadStageRegion {
  readonly start: number;
  readonly byteLength: number;
  copy(to: number, from: number, length: number): void;
}

export function readStageOf(core: Core): ReadStageRegion {
  return { start: READ_STAGE_START, byteLength: READ_STAGE_BYTES, copy: core.exports.copyBytes };
}

/** The run of memory that output slabs are cut from: arguments of a slab pool. */
export interface SlabRegion {
  readonly memory: ArrayBuffer;
  readonly start: number;
  readonly slabBytes: number;
  readonly count: number;
}

export function outputSlabsOf(core: Core): SlabRegion {
  return {
    memory: core.memory.buffer as ArrayBuffer,
    start: OUTPUT_SLABS_START,
    slabBytes: OUTPUT_SLAB_BYTES,
    count: OUTPUT_SLABS_MAX,
  };
}
