/**
 * Listener filters at work on one connection: what it says first is read, and each filter in turn looks at it until it knows.
 *
 *   accepted --reads--> ... --the last filter knows--> paused --end of the callback--> onInspected, with what is left of it
 *       \____ time is up, FIN, close, refused by a filter ____> onInspectionFailed
 *
 * The verdict waits for the end of the callback in which the last read came: until then another read of the same pass of the
 * event loop may follow, and belongs to what was read.
 */

import type { Timer, TimerOwner, Timers } from "../net/clock.ts";
import type { CloseReason } from "../net/close_reason.ts";
import type { Socket, SocketOwner } from "../net/socket.ts";
import type { ConnectionFacts } from "../stream_info/connection_facts.ts";
import { type Inspector, type ListenerFilter, LOOK_MORE, LOOK_REFUSED } from "./filter.ts";

export type InspectionFailure = "timeout" | "remote close" | "refused";

export interface InspectionOwner {
  /** @param read to be given back to the socket, whose reading is paused */
  onInspected(read: Buffer): void;
  /** The socket is closed, or being closed. */
  onInspectionFailed(failure: InspectionFailure): void;
}

export interface InspectionParts {
  readonly timers: Timers;
  /** The worker's core memory, which reads are in. */
  readonly memory: Uint8Array;
  /** 0: as long as it takes. */
  readonly timeoutMs: number;
  /** `continue_on_listener_filters_timeout` */
  readonly continuesOnTimeout: boolean;
}

export class Inspection implements SocketOwner, TimerOwner {
  private readonly socket: Socket;
  private readonly parts: InspectionParts;
  private readonly facts: ConnectionFacts;
  private readonly timer: Timer;
  private readonly filters: readonly ListenerFilter[];
  private owner: InspectionOwner | null;
  /** Who looks: of `filters`, the one before `next`. */
  private inspector: Inspector | null = null;
  private next = 0;
  /** [start, end) has come, and is nobody's yet; it grows by doubling, so that single bytes cost no more than bytes. */
  private room: Buffer = Buffer.alloc(0);
  private start = 0;
  private end = 0;
  private isKnown = false;

  /** @param filters at least one */
  constructor(
    socket: Socket,
    facts: ConnectionFacts,
    filters: readonly ListenerFilter[],
    parts: InspectionParts,
    owner: InspectionOwner,
  ) {
    this.socket = socket;
    this.facts = facts;
    this.filters = filters;
    this.parts = parts;
    this.owner = owner;
    this.timer = parts.timers.timer(this);
    socket.owner = this;
    if (parts.timeoutMs > 0) this.timer.start(parts.timeoutMs);
  }

  onConnect(): void {}

  onDrain(): void {}

  onRead(address: number, length: number): void {
    const { memory } = this.parts;
    if (this.end + length > this.room.length) {
      this.room = Buffer.concat([this.read], Math.max(2 * this.room.length, this.end - this.start + length));
      this.end -= this.start;
      this.start = 0;
    }
    this.room.set(memory.subarray(address, address + length), this.end);
    this.end += length;
    if (!this.isKnown) this.look();
  }

  /** Whoever goes before it is known is not served. */
  onEnd(): void {
    this.fail("remote close");
    this.leave();
  }

  onClose(_reason: CloseReason): void {
    this.fail("remote close");
  }

  onTimer(): void {
    if (this.parts.continuesOnTimeout) {
      this.known();
      return;
    }
    this.fail("timeout");
    this.leave();
  }

  /** All that has come, and that no filter has taken. */
  private get read(): Buffer {
    return this.room.subarray(this.start, this.end);
  }

  /** Asks one filter after the other, as long as there is something to see. */
  private look(): void {
    while (this.start < this.end) {
      const inspector = this.inspector ?? this.filters[this.next++]?.open(this.facts);
      if (inspector === undefined) break;
      if (inspector === null) continue;
      const answer = inspector.look(this.read, this.facts);
      if (answer === LOOK_REFUSED) {
        this.fail("refused");
        this.leave();
        return;
      }
      this.inspector = answer === LOOK_MORE ? inspector : null;
      if (answer === LOOK_MORE) return;
      this.start += answer;
    }
    if (this.inspector === null && this.next >= this.filters.length) this.known();
  }

  private known(): void {
    this.isKnown = true;
    this.timer.stop();
    this.socket.pauseReading();
    queueMicrotask(() => {
      const { owner } = this;
      if (owner === null) return;
      this.owner = null;
      this.timer.release();
      owner.onInspected(this.read);
    });
  }

  private fail(failure: InspectionFailure): void {
    const { owner } = this;
    if (owner === null) return;
    this.owner = null;
    this.timer.release();
    owner.onInspectionFailed(failure);
  }

  /** A connection that has said something is cut, as it is by a kernel that has bytes which nobody read. */
  private leave(): void {
    if (this.room.length > 0) this.socket.reset();
    else this.socket.close();
  }
}
