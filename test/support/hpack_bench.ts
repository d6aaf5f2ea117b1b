/** HPACK alone: the decoder and the encoder of one HTTP/2 connection, without frames. */

import { Core } from "../../host/wasm/core.ts";
import { HeaderMap } from "../../host/wasm/header_view.ts";
import {
  H2_SERVER,
  H2_SETTINGS_MAX_FIELDS,
  H2_SETTINGS_MAX_HEAD_BYTES,
  H2_SETTINGS_TABLE_SIZE,
  OUTPUT_SLAB_BYTES,
  OUTPUT_SLABS_START,
  READ_BUFFER_START,
  SCRATCH_START,
} from "../../host/wasm/layout.gen.ts";

export type Fields = readonly (readonly [string, string])[];

export interface Decoded {
  readonly code: number;
  /** Null: refused, or beyond a limit. */
  readonly fields: [string, string][] | null;
  readonly tooLarge: boolean;
  readonly tooMany: boolean;
  readonly tableSize: number;
  readonly tableCount: number;
}

export class HpackBench {
  readonly core = new Core({ seed: [1, 2] });
  connection = 0;

  open(tableSize = 4096): void {
    const { words } = this.core;
    const set = (offset: number, value: number) => {
      words[(SCRATCH_START + offset) >> 2] = value;
    };
    set(H2_SETTINGS_MAX_HEAD_BYTES, 60 * 1024);
    set(H2_SETTINGS_MAX_FIELDS, 100);
    set(H2_SETTINGS_TABLE_SIZE, tableSize);
    this.connection = this.core.exports.http2Open(H2_SERVER, SCRATCH_START);
  }

  close(): void {
    this.core.exports.http2Close(this.connection);
  }

  decode(wire: Uint8Array, maxBytes = 60 * 1024, maxFields = 1000, tableMax = 4096): Decoded {
    const { core } = this;
    // What lies behind the bytes must not matter.
    core.bytes.fill(0x82, READ_BUFFER_START + wire.length, READ_BUFFER_START + wire.length + 64);
    core.bytes.set(wire, READ_BUFFER_START);
    const length = wire.length;
    const code = core.exports.hpackDecode(this.connection, READ_BUFFER_START, length, maxBytes, maxFields, tableMax);
    const block = core.result(0);
    const [tooLarge, tooMany, tableSize, tableCount] = [1, 2, 3, 4].map((i) => core.result(i)) as [
      number,
      number,
      number,
      number,
    ];
    let fields: [string, string][] | null = null;
    if (block !== 0) {
      fields = this.fields(block);
      core.exports.blockFree(block);
    }
    return { code, fields, tooLarge: tooLarge !== 0, tooMany: tooMany !== 0, tableSize, tableCount };
  }

  encode(fields: Fields): Buffer {
    const map = new HeaderMap(this.core);
    if (!map.create()) throw new Error("no block");
    for (const [name, value] of fields) if (!map.add(name, value)) throw new Error(`no room for ${name}`);
    const block = map.detach();
    const length = this.core.exports.hpackEncode(this.connection, block, OUTPUT_SLABS_START, OUTPUT_SLAB_BYTES);
    this.core.exports.blockFree(block);
    if (length < 0) throw new Error("no room");
    return Buffer.from(this.core.bytes.subarray(OUTPUT_SLABS_START, OUTPUT_SLABS_START + length));
  }

  fields(block: number): [string, string][] {
    const map = new HeaderMap(this.core);
    map.attach(block);
    return [...map.entries()];
  }
}
