/**
 * What the server's and the client's side of HTTP/1 share: a connection of the core (assembly/http1), and the way of its
 * events to the listener. RFC 9112.
 */

import type { Core } from "../wasm/core.ts";
import { factsIndex, hasFact } from "../wasm/http1_facts.ts";
import {
  type CoreExports,
  ENCODE_END_STREAM,
  EVENT_DATA,
  EVENT_ERROR,
  EVENT_HEADERS,
  EVENT_RING_START,
  EVENT_TRAILERS,
  FACT_CARRIED,
  FACT_HEAD_STARTED,
} from "../wasm/layout.gen.ts";
import type { CodecListener } from "./codec.ts";

/** Listens where nobody does yet. */
const NOBODY: CodecListener = {
  onHeaders() {},
  onData() {},
  onTrailers() {},
  onError() {},
};

/** Words of one event record: kind, a, b, c. */
const WORDS = 4;

/**
 * Events that are not told yet. A callback may feed another connection, which fills the core's ring anew; so those behind the
 * first record of a call are taken out before it is told, on a stack. One for each worker.
 */
export class PendingEvents {
  readonly core: Core;
  /** Next free word. */
  top = 0;
  words = new Int32Array(1024 * WORDS);
  readonly ring: Int32Array;

  constructor(core: Core) {
    this.core = core;
    this.ring = new Int32Array(core.memory.buffer, EVENT_RING_START);
  }

  /** Copies the records behind the first of `count` from the ring to the stack; the index of the first word. */
  pushRest(count: number): number {
    const base = this.top;
    const words = (count - 1) * WORDS;
    if (base + words > this.words.length) {
      const larger = new Int32Array(Math.max(this.words.length * 2, base + words));
      larger.set(this.words);
      this.words = larger;
    }
    const { ring, words: to } = this;
    for (let i = 0; i < words; i++) to[base + i] = ring[WORDS + i] as number;
    this.top = base + words;
    return base;
  }

  pop(base: number): void {
    this.top = base;
  }
}

export abstract class Http1Codec {
  readonly protocol = "http1";
  listener: CodecListener = NOBODY;
  protected readonly pending: PendingEvents;
  protected readonly exports: CoreExports;
  /** Handle of the core's connection; 0 after `close`. */
  protected connection: number;
  private readonly facts: number;
  /** The stream that events are about; 0 before the first. */
  protected streamId = 0;
  /** Streams that were begun. */
  protected streams = 0;
  /** The message that comes in on `streamId` is not complete. */
  protected isOpen = false;
  /** The tunnel is to be opened once no events are being told: what waits comes behind them. */
  private wantsTunnel = false;
  /** Events are being told. */
  protected isTelling = false;

  constructor(pending: PendingEvents, connection: number) {
    this.pending = pending;
    this.exports = pending.core.exports;
    this.connection = connection;
    this.facts = factsIndex(connection);
  }

  feed(address: number, length: number): void {
    this.tell(this.exports.http1Feed(this.connection, address, length));
    this.settle();
  }

  feedEnd(): void {
    this.tell(this.exports.http1Eof(this.connection));
    this.settle();
  }

  get headStarted(): boolean {
    return this.connection !== 0 && this.hasFact(FACT_HEAD_STARTED);
  }

  get wantsRead(): boolean {
    return this.connection === 0 || !this.hasFact(FACT_CARRIED);
  }

  encodeData(
    _streamId: number,
    address: number,
    length: number,
    endStream: boolean,
    out: number,
    room: number,
  ): number {
    return this.exports.http1EncodeData(this.connection, address, length, endStream ? 1 : 0, out, room);
  }

  encodeTrailers(_streamId: number, block: number, out: number, room: number): number {
    return this.exports.http1EncodeTrailers(this.connection, block, out, room);
  }

  tunnel(_streamId: number): void {
    this.wantsTunnel = true;
    if (!this.isTelling) this.settle();
  }

  close(): void {
    if (this.connection === 0) return;
    this.exports.http1Close(this.connection);
    this.connection = 0;
    this.listener = NOBODY;
  }

  /** What this side does with a head, before the listener is told. May give the block another handle. */
  protected abstract onHead(block: number, flags: number): number;
  /** What this side does when all events of a call are told. */
  protected abstract afterEvents(): void;

  /** A FACT_... bit of the connection, which is open. */
  protected hasFact(fact: number): boolean {
    return hasFact(this.pending.core, this.facts, fact);
  }

  private settle(): void {
    if (this.wantsTunnel && this.connection !== 0) {
      this.wantsTunnel = false;
      this.tell(this.exports.http1Tunnel(this.connection));
    }
    this.afterEvents();
  }

  /** Tells the listener the first `count` events of the ring. */
  protected tell(count: number): void {
    if (count === 0) return;
    const { pending } = this;
    const wasTelling = this.isTelling;
    this.isTelling = true;
    const { ring } = pending;
    const kind = ring[0] as number;
    const a = ring[1] as number;
    const b = ring[2] as number;
    const c = ring[3] as number;
    const base = pending.pushRest(count);
    this.tellOne(kind, a, b, c);
    for (let at = base; at < base + (count - 1) * WORDS; at += WORDS) {
      const { words } = pending;
      this.tellOne(words[at] as number, words[at + 1] as number, words[at + 2] as number, words[at + 3] as number);
    }
    pending.pop(base);
    this.isTelling = wasTelling;
  }

  private tellOne(kind: number, a: number, b: number, c: number): void {
    if (this.connection === 0) {
      // Closed by the listener: what is left has no reader, and its blocks no other owner.
      if (kind === EVENT_HEADERS || kind === EVENT_TRAILERS) this.exports.blockFree(a);
      else if (kind === EVENT_ERROR && b !== 0) this.exports.blockFree(b);
    } else if (kind === EVENT_DATA) {
      if (c !== 0) this.isOpen = false;
      this.listener.onData(this.streamId, a, b, c !== 0);
    } else if (kind === EVENT_HEADERS) {
      const block = this.onHead(a, b);
      this.listener.onHeaders(this.streamId, block, b, c);
    } else if (kind === EVENT_TRAILERS) {
      this.isOpen = false;
      this.listener.onTrailers(this.streamId, a);
    } else {
      this.listener.onError(this.isOpen ? this.streamId : 0, a, b);
    }
  }
}

/** Flags of a head as the core wants them. */
export function headFlags(endStream: boolean, flags: number): number {
  return endStream ? flags | ENCODE_END_STREAM : flags;
}
