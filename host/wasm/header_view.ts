/**
 * The fields of one head or trailer section as filters see them: a window on a header block in core memory. A string is made when somebody
 * asks for one, and not before.
 *
 * Names are in lower case, always, also those that callers pass. Values are latin1: one character, one byte (`text.ts`). Pseudo fields (`:path`) are
 * fields like others, in front. A mutator that answers false changed nothing: the name or value is illegal, or no block has room.
 */

import type { Core } from "./core.ts";
import { BLOCK_PRESENT, RESULT, SCRATCH_BYTES, SCRATCH_START } from "./layout.gen.ts";
import { readLatin1, writeLatin1 } from "./text.ts";

/** A name's length is 16 bits; the value has the rest of the scratch region. */
const NAME_ROOM = 0xffff;
const VALUE_AT = SCRATCH_START + 0x1_0000;
const VALUE_ROOM = SCRATCH_BYTES - 0x1_0000;
const RESULT_WORD = RESULT >> 2;

/** A set of known names (HEADER_... of the layout), made once. */
export class HeaderIds {
  /** A bit for each id, in words as blocks have them. */
  readonly words: readonly number[];
  /** The same bits as the core takes them: ids 0 to 63, and 64 to 127. */
  readonly low: bigint;
  readonly high: bigint;

  constructor(ids: readonly number[]) {
    const words = [0, 0, 0, 0];
    let all = 0n;
    for (const id of ids) {
      words[id >>> 5] = (words[id >>> 5] as number) | (1 << (id & 31));
      all |= 1n << BigInt(id);
    }
    this.words = words;
    this.low = BigInt.asUintN(64, all);
    this.high = all >> 64n;
  }
}

export class HeaderMap {
  /** The block; 0 while there is none. A mutation may move it: read it again after each. */
  block = 0;
  readonly core: Core;

  constructor(core: Core) {
    this.core = core;
  }

  /** Takes a block over: from now on it is freed by `release`. The map holds none yet. */
  attach(block: number): void {
    this.block = block;
  }

  /** A new, empty block for a head of our own. False: no block is left. */
  create(): boolean {
    this.block = this.core.exports.blockNew(0, 0);
    return this.block !== 0;
  }

  /** Hands the block to the caller, who frees it. */
  detach(): number {
    const block = this.block;
    this.block = 0;
    return block;
  }

  /** Gives the block back, if there is one. */
  release(): void {
    if (this.block === 0) return;
    this.core.exports.blockFree(this.block);
    this.block = 0;
  }

  get isAttached(): boolean {
    return this.block !== 0;
  }

  /** Number of fields, pseudo fields included. */
  get size(): number {
    return this.core.exports.headerCount(this.block);
  }

  /** The value; several are joined with ",". */
  get(name: string): string | undefined {
    const { core } = this;
    const id = core.headerId(name);
    if (id !== 0) return this.getId(id);
    const length = this.writeName(name);
    if (length <= 0) return undefined;
    return this.joined(core.exports.headerJoin(this.block, SCRATCH_START, length));
  }

  /** `get` for a known name (HEADER_... of the layout). */
  getId(id: number): string | undefined {
    return this.joined(this.core.exports.headerJoinId(this.block, id));
  }

  /** Each value of a name, in order. */
  getAll(name: string): string[] {
    const values: string[] = [];
    for (let i = this.find(name, 0); i >= 0; i = this.find(name, i + 1)) values.push(this.valueAt(i));
    return values;
  }

  has(name: string): boolean {
    return this.find(name, 0) >= 0;
  }

  /** Looks where the core keeps a bit for each known name: the router asks for half a dozen, and a call costs more than a look. */
  hasId(id: number): boolean {
    return (this.present(id >>> 5) & (1 << (id & 31))) !== 0;
  }

  /** Leaves one field of that name, where the first one was or at the end. */
  set(name: string, value: string): boolean {
    const { core } = this;
    const id = core.headerId(name);
    if (id !== 0) return this.setId(id, value);
    const nameLength = this.writeName(name);
    const valueLength = this.writeValue(value);
    if (nameLength <= 0 || valueLength < 0) return false;
    return this.moved(core.exports.headerSet(this.block, SCRATCH_START, nameLength, VALUE_AT, valueLength));
  }

  setId(id: number, value: string): boolean {
    const length = this.writeValue(value);
    return length >= 0 && this.moved(this.core.exports.headerSetId(this.block, id, VALUE_AT, length));
  }

  /** `setId` with a number from 0 to 2^32 - 1: no string is made. */
  setIdNumber(id: number, value: number): boolean {
    return this.moved(this.core.exports.headerSetIdNumber(this.block, id, value));
  }

  /** `setId` with a value that lies in core memory, outside of blocks. */
  setIdBytes(id: number, address: number, length: number): boolean {
    return this.moved(this.core.exports.headerSetId(this.block, id, address, length));
  }

  /** Adds a field at the end, also when there is one of that name. */
  add(name: string, value: string): boolean {
    const { core } = this;
    const id = core.headerId(name);
    if (id !== 0) return this.addId(id, value);
    const nameLength = this.writeName(name);
    const valueLength = this.writeValue(value);
    if (nameLength <= 0 || valueLength < 0) return false;
    return this.moved(core.exports.headerAdd(this.block, SCRATCH_START, nameLength, VALUE_AT, valueLength));
  }

  addId(id: number, value: string): boolean {
    const length = this.writeValue(value);
    return length >= 0 && this.moved(this.core.exports.headerAddId(this.block, id, VALUE_AT, length));
  }

  /** Removes all fields of that name; how many there were. */
  remove(name: string): number {
    const { core } = this;
    const id = core.headerId(name);
    if (id !== 0) return core.exports.headerRemoveId(this.block, id);
    const length = this.writeName(name);
    return length <= 0 ? 0 : core.exports.headerRemove(this.block, SCRATCH_START, length);
  }

  removeId(id: number): number {
    return this.core.exports.headerRemoveId(this.block, id);
  }

  /** Removes all fields of these known names. */
  removeIds(set: HeaderIds): void {
    const { words } = set;
    for (let i = 0; i < words.length; i++) {
      if ((this.present(i) & (words[i] as number)) === 0) continue;
      this.core.exports.headerRemoveIds(this.block, set.low, set.high);
      return;
    }
  }

  /** Removes all fields whose name starts so, pseudo fields excepted; how many there were. */
  removePrefix(prefix: string): number {
    const length = this.writeName(prefix);
    return length < 0 ? 0 : this.core.exports.headerRemovePrefix(this.block, SCRATCH_START, length);
  }

  /** Index of the first field of that name at or after `from`, or -1. Indices hold until the next mutation. */
  find(name: string, from: number): number {
    const { core } = this;
    const id = core.headerId(name);
    if (id !== 0) return core.exports.headerFindIdNext(this.block, id, from);
    const length = this.writeName(name);
    return length <= 0 ? -1 : core.exports.headerFindNext(this.block, SCRATCH_START, length, from);
  }

  nameAt(i: number): string {
    const { core } = this;
    core.exports.headerAt(this.block, i);
    const { words } = core;
    const id = words[RESULT_WORD + 4] as number;
    if (id !== 0) return core.names[id] as string;
    return readLatin1(core.bytes, words[RESULT_WORD] as number, words[RESULT_WORD + 1] as number);
  }

  valueAt(i: number): string {
    const { core } = this;
    core.exports.headerAt(this.block, i);
    return readLatin1(core.bytes, core.words[RESULT_WORD + 2] as number, core.words[RESULT_WORD + 3] as number);
  }

  /** Name and value of each field, in order; pseudo fields come first. The block must not change meanwhile. */
  *entries(): Generator<[name: string, value: string]> {
    const count = this.size;
    for (let i = 0; i < count; i++) yield [this.nameAt(i), this.valueAt(i)];
  }

  private present(word: number): number {
    if (this.block === 0) throw new Error("a head is read that is not there");
    return this.core.words[((this.block + BLOCK_PRESENT) >> 2) + word] as number;
  }

  private joined(found: number): string | undefined {
    if (found === 0) return undefined;
    const { bytes, words } = this.core;
    return readLatin1(bytes, words[RESULT_WORD] as number, words[RESULT_WORD + 1] as number);
  }

  private moved(block: number): boolean {
    if (block === 0) return false;
    this.block = block;
    return true;
  }

  private writeName(name: string): number {
    return writeLatin1(this.core.bytes, SCRATCH_START, name, NAME_ROOM);
  }

  private writeValue(value: string): number {
    return writeLatin1(this.core.bytes, VALUE_AT, value, VALUE_ROOM);
  }
}
