/**
 * One core: an instance of core.wasm on a memory of its own. A worker makes one and never another; memory never grows, so the
 * views on it never detach.
 */

import { loadAsset } from "./assets.ts";
import {
  ABI_VERSION,
  CONFIG_ARENA_MIN_BYTES,
  CONFIG_ARENA_START,
  type CoreExports,
  HEADER_IDS,
  PAGE_BYTES,
  RESULT,
} from "./layout.gen.ts";
import { Ledger, type LedgerView } from "./ledger.ts";

type LedgerImports = Record<string, (...args: never[]) => unknown>;

/**
 * Our own fault, found by an assertion of the core (other traps are WebAssembly.RuntimeError). Either way the core must not be used again: the worker ends
 * and is replaced.
 */
export class CoreFault extends Error {
  override readonly name = "CoreFault";
}

export interface CoreOptions {
  /** 64 bits for the core's generator; the same seed and the same calls give the same bytes. */
  readonly seed?: readonly [low: number, high: number];
  /** Room for compiled configs; at least (and by default) CONFIG_ARENA_MIN_BYTES. */
  readonly configArenaBytes?: number;
  /** The thread's view of the ledger, whose functions the core calls. Without one the core gets a ledger of its own: for tests and tools. */
  readonly ledger?: LedgerView;
}

export class Core {
  readonly exports: CoreExports;
  readonly memory: WebAssembly.Memory;
  /** The whole memory. A Buffer for its fast latin1 strings; everybody else sees a Uint8Array. */
  readonly bytes: Buffer<ArrayBuffer>;
  /** The whole memory in words; index = address / 4. */
  readonly words: Uint32Array;
  /** Known header names by id; [0] is empty. */
  readonly names: readonly string[];
  private readonly ids: ReadonlyMap<string, number>;

  constructor(options: CoreOptions = {}) {
    const arenaBytes = Math.max(options.configArenaBytes ?? 0, CONFIG_ARENA_MIN_BYTES);
    const pages = Math.ceil((CONFIG_ARENA_START + arenaBytes) / PAGE_BYTES);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const buffer = this.memory.buffer as ArrayBuffer;
    this.bytes = Buffer.from(buffer);
    this.words = new Uint32Array(buffer);
    const env = { memory: this.memory, abort: (...where: number[]) => this.fault(where) };
    const ledger = (options.ledger ?? Ledger.create(1).view).exports as unknown as LedgerImports;
    const instance = new WebAssembly.Instance(coreModule(), { env, ledger });
    const abi = (instance.exports["ABI_VERSION"] as WebAssembly.Global).value;
    if (abi !== ABI_VERSION) throw new Error(`core.wasm has ABI ${abi}, the host needs ${ABI_VERSION}: build again`);
    this.exports = instance.exports as unknown as CoreExports;
    const [low, high] = options.seed ?? [0, 0];
    this.exports.init(low, high);
    this.names = this.readNames();
    this.ids = new Map(this.names.map((name, id) => [name, id]));
  }

  /** The id of a known header name in lower case, or 0. */
  headerId(name: string): number {
    return this.ids.get(name) ?? 0;
  }

  /** Word `i` of what the last call left in the result words. */
  result(i: number): number {
    return this.words[(RESULT >> 2) + i] as number;
  }

  private readNames(): string[] {
    const names = [""];
    for (let id = 1; id <= HEADER_IDS; id++) {
      const at = this.exports.nameText(id);
      names.push(this.bytes.toString("latin1", at, at + this.exports.nameLength(id)));
    }
    return names;
  }

  /** AssemblyScript's abort(message, file, line, column); texts are UTF-16 with their byte length four bytes ahead. */
  private fault([message = 0, file = 0, line = 0, column = 0]: number[]): never {
    throw new CoreFault(`${this.text(message) || "assertion failed"} (${this.text(file)}:${line}:${column})`);
  }

  private text(at: number): string {
    if (at === 0) return "";
    return this.bytes.toString("utf16le", at, at + (this.words[(at - 4) >> 2] as number));
  }
}

let compiled: WebAssembly.Module | undefined;

/** The module, compiled once per thread. */
function coreModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(loadAsset("core.wasm"));
  return compiled;
}
