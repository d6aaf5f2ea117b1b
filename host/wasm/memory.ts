/** The regions of core memory that sockets use: where reads land and where writes leave from (contracts in host/net/socket). */

import type { Core } from "./core.ts";
import {
  OUTPUT_SLAB_BYTES,
  OUTPUT_SLABS_MAX,
  OUTPUT_SLABS_START,
  READ_BUFFER_BYTES,
  READ_BUFFER_START,
} from "./layout.gen.ts";

/** Every read of every socket of the worker lands here. */
export interface CoreReadBuffer {
  readonly bytes: Uint8Array;
  /** Where it lies in core memory: what a codec is fed with. */
  readonly address: number;
}

export function readBufferOf(core: Core): CoreReadBuffer {
  return {
    bytes: new Uint8Array(core.memory.buffer as ArrayBuffer, READ_BUFFER_START, READ_BUFFER_BYTES),
    address: READ_BUFFER_START,
  };
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
