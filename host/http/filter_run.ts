/**
 * One message on its way through the filters: request downward, response upward. Where a filter says STOP the message
 * stays until `resume`:
 *
 * - stopped at its headers: later parts wait, unseen by anyone; on `resume` the next filter gets the headers, and then the
 *   body runs past all filters (so a filter that waited for the whole body sees it).
 * - stopped at its data: what the filter saw waits; later data still run up to that filter and join what waits, until it
 *   says CONTINUE or `resume` is called: then all of it goes on to the next filter. Trailers are shown the same way.
 * - stopped at its headers by a filter that watches: both of the above; CONTINUE for data or trailers lets the headers go on first.
 * - stopped at its trailers: they go on to the next filter.
 *
 * Each piece that waits knows the next filter to see it, so none is seen twice or missed, and their order stays. What waits
 * is copied. Above `limit` bytes the source is paused, or, when the filter asked for the whole body, `onTooLarge`.
 */

import type { HeaderMap } from "../wasm/header_view.ts";
import { type BodyEdit, CONTINUE, type FilterStatus, STOP } from "./filter.ts";
import { copyOf } from "./held_body.ts";

/** The two directions differ in which callbacks they call and in what stands at the end of the line. */
export interface FilterLine {
  /** Filters on the line, not counting the end. */
  readonly count: number;
  headers(position: number, endStream: boolean): FilterStatus;
  data(position: number, address: number, length: number, endStream: boolean): FilterStatus;
  trailers(position: number): FilterStatus;
  /** The filter has a callback for trailers. */
  seesTrailers(position: number): boolean;
  /** The end of the line: the terminal filter, or the codec. */
  endHeaders(endStream: boolean): void;
  endData(address: number, length: number, endStream: boolean): void;
  endTrailers(): void;
  /** The stream is over: nothing may be called any more. */
  readonly isOver: boolean;
  pauseSource(): void;
  resumeSource(): void;
  onTooLarge(): void;
  /** Empty ones where the message had none; null: no block is left. */
  newTrailers(): HeaderMap | null;
  dropTrailers(): void;
  /** Puts held bytes where `data` can read them, and gives the address. */
  lend(bytes: Uint8Array): number;
  memory(): Uint8Array;
}

const RUNNING = 0;
const STOPPED_AT_HEADERS = 1;
const STOPPED_AT_DATA = 2;
const STOPPED_AT_TRAILERS = 3;
/** At its headers, by a filter that is shown the body. */
const WATCHING = 4;

/** Bytes of a filter are lent to core memory in such pieces. */
const PIECE_BYTES = 65_536;

const NOTHING = new Uint8Array(0);

/** No trailers wait. */
const NONE = -1;

/** Body bytes that wait. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly endStream: boolean;
  /** The filter that sees them next. Never larger than that of an older piece. */
  readonly next: number;
}

export class FilterRun implements BodyEdit {
  private readonly line: FilterLine;
  private waiting: Piece[] = [];
  private waitingBytes = 0;
  private state = RUNNING;
  private at = 0;
  private headersEndStream = false;
  /** The filter that sees the trailers next, when they wait. */
  private trailersNext = NONE;
  private sourcePaused = false;
  private isReleasing = false;
  private started = false;
  /** > 0: a filter asked for the whole body. */
  private wholeBodyLimit = 0;
  private limit = 0;
  /** The filter that is about to stop at headers is shown the body. */
  private isWatched = false;
  /** What the filter that is being called says: bytes in place of those that it was shown or behind what it was shown, trailers. */
  private isEdited = false;
  private editedBytes: Uint8Array | null = null;
  private trailersAdded = false;
  private trailersDropped = false;

  constructor(line: FilterLine) {
    this.line = line;
  }

  /** Ready for the next message. @param limit bytes that may wait before the source is paused */
  begin(limit: number): void {
    this.state = RUNNING;
    this.at = 0;
    this.trailersNext = NONE;
    this.sourcePaused = false;
    this.isReleasing = false;
    this.started = false;
    this.wholeBodyLimit = 0;
    this.limit = limit;
    if (this.waiting.length > 0) this.waiting = [];
    this.waitingBytes = 0;
    this.isWatched = false;
    this.forgetEdit();
  }

  get isStopped(): boolean {
    return this.state !== RUNNING;
  }

  /** The headers have been given to the first filter, or to the end of the line. */
  get hasStarted(): boolean {
    return this.started;
  }

  /** The filter that is about to stop wants all of the body, `maxBytes` at most. */
  wantWholeBody(maxBytes: number): void {
    this.wholeBodyLimit = maxBytes;
  }

  headers(endStream: boolean): void {
    this.started = true;
    this.headersEndStream = endStream;
    this.headersFrom(0);
    // A filter has given a body to what had none.
    if (endStream && !this.headersEndStream && !this.isStopped && !this.line.isOver) this.release();
  }

  data(address: number, length: number, endStream: boolean): void {
    const { line } = this;
    if (this.state === RUNNING && line.count === 0) {
      line.endData(address, length, endStream);
      return;
    }
    if (this.state === STOPPED_AT_HEADERS) this.hold(0, address, length, endStream);
    else this.dataFrom(0, address, length, endStream);
    if (this.wholeBodyLimit > 0) this.checkWholeBody();
  }

  trailers(): void {
    if (this.state === STOPPED_AT_HEADERS) this.trailersNext = 0;
    else this.trailersFrom(0);
    if (this.wholeBodyLimit > 0) this.checkWholeBody();
  }

  /** The filter that stopped lets the message go on. */
  resume(): void {
    const { line } = this;
    if (this.state === RUNNING || line.isOver) return;
    const { state, at } = this;
    this.state = RUNNING;
    this.wholeBodyLimit = 0;
    if (state === STOPPED_AT_HEADERS || state === WATCHING) {
      this.headersFrom(at + 1);
      if (line.isOver) return;
      if (this.isStopped) {
        if (this.wholeBodyLimit > 0) this.checkWholeBody();
        return;
      }
    }
    this.release();
    if (this.sourcePaused && this.waitingBytes <= this.limit && !line.isOver) this.resumeSource();
  }

  private headersFrom(start: number): void {
    const { line } = this;
    for (let i = start; i < line.count; i++) {
      const status = line.headers(i, this.headersEndStream);
      if (line.isOver) return;
      if (this.isEdited) this.bodyFor(i + 1);
      const isWatched = this.isWatched;
      this.isWatched = false;
      if (status !== CONTINUE) {
        this.state = isWatched ? WATCHING : STOPPED_AT_HEADERS;
        this.at = i;
        return;
      }
      this.wholeBodyLimit = 0;
    }
    line.endHeaders(this.headersEndStream);
  }

  /** Shows data to the filters from `start` on, as far as they get: to the end, or into what waits. */
  private dataFrom(start: number, address: number, length: number, endStream: boolean): void {
    const { line } = this;
    for (let i = start; i < line.count; i++) {
      const status = line.data(i, address, length, endStream);
      if (line.isOver) return;
      if (this.isEdited) {
        this.goOnEdited(i, status, this.takeEditedBytes() ?? copyOf(line.memory(), address, length), endStream);
        return;
      }
      if (status !== CONTINUE) {
        if (this.state === RUNNING) {
          this.state = STOPPED_AT_DATA;
          this.at = i;
        }
        this.hold(i + 1, address, length, endStream);
        return;
      }
      if (this.stoppedWatching(i)) {
        this.hold(i + 1, address, length, endStream);
        this.resume();
        return;
      }
    }
    line.endData(address, length, endStream);
  }

  private trailersFrom(start: number): void {
    const { line } = this;
    this.trailersNext = NONE;
    for (let i = start; i < line.count; i++) {
      const isWhereDataStopped = this.stoppedWatching(i);
      // Without a callback its silence is no CONTINUE: it is waited for.
      const status = isWhereDataStopped && !line.seesTrailers(i) ? STOP : line.trailers(i);
      if (line.isOver) return;
      if (this.isEdited && this.endEdited(i, status, isWhereDataStopped)) return;
      if (status !== CONTINUE) {
        if (this.state === RUNNING) {
          this.state = STOPPED_AT_TRAILERS;
          this.at = i;
        }
        this.trailersNext = i + 1;
        return;
      }
      if (isWhereDataStopped) {
        this.trailersNext = i + 1;
        this.resume();
        return;
      }
    }
    line.endTrailers();
  }

  /** What waits goes on: the data, oldest first, and then the trailers. */
  private release(): void {
    const { line } = this;
    const due = this.waiting;
    const wasReleasing = this.isReleasing;
    this.waiting = [];
    this.waitingBytes = 0;
    this.isReleasing = true;
    for (const { bytes, endStream, next } of due) {
      this.show(next, bytes, endStream);
      if (line.isOver) return;
    }
    this.isReleasing = wasReleasing;
    // A filter that resumes from inside its callback is here while younger data are still to come.
    if (this.trailersNext === NONE || wasReleasing) return;
    // Trailers that a filter added to what it holds back wait behind it.
    if (!this.isStopped || this.trailersNext <= this.at) this.trailersFrom(this.trailersNext);
  }

  /** This is the filter that stopped, and it is shown what comes. */
  private stoppedWatching(position: number): boolean {
    return (this.state === STOPPED_AT_DATA || this.state === WATCHING) && position === this.at;
  }

  private hold(next: number, address: number, length: number, endStream: boolean): void {
    this.wait(next, copyOf(this.line.memory(), address, length), endStream);
  }

  private wait(next: number, bytes: Uint8Array, endStream: boolean): void {
    const { line } = this;
    this.waiting.push({ bytes, endStream, next });
    this.waitingBytes += bytes.length;
    if (this.waitingBytes > this.limit && this.wholeBodyLimit === 0 && !this.sourcePaused) {
      this.sourcePaused = true;
      line.pauseSource();
    }
  }

  // --- what a filter makes of the message ------------------------------------------------------------------------------

  watch(): void {
    this.isWatched = true;
  }

  replace(bytes: Uint8Array): void {
    this.isEdited = true;
    this.editedBytes = bytes;
  }

  append(bytes: Uint8Array): void {
    this.replace(bytes);
  }

  addTrailers(): HeaderMap | null {
    const trailers = this.line.newTrailers();
    if (trailers === null) return null;
    this.isEdited = true;
    this.trailersAdded = true;
    return trailers;
  }

  dropTrailers(): void {
    this.isEdited = true;
    this.trailersDropped = true;
  }

  private takeEditedBytes(): Uint8Array | null {
    const bytes = this.editedBytes;
    this.isEdited = false;
    this.editedBytes = null;
    return bytes;
  }

  private forgetEdit(): void {
    this.isEdited = false;
    this.editedBytes = null;
    this.trailersAdded = false;
    this.trailersDropped = false;
  }

  /** Headers that ended the message get a body, trailers or both, for the filters from `next` on. */
  private bodyFor(next: number): void {
    const bytes = this.takeEditedBytes();
    const ends = !this.trailersAdded;
    this.trailersAdded = false;
    if (!this.headersEndStream) throw new Error("a filter gives a body to a message that has one");
    this.headersEndStream = false;
    if (bytes !== null || ends) this.wait(next, bytes ?? NOTHING, ends);
    if (!ends) this.trailersNext = next;
  }

  /** Data as filter `i` made them, for those behind it. */
  private goOnEdited(i: number, status: FilterStatus, bytes: Uint8Array, endStream: boolean): void {
    const { line } = this;
    const hasTrailers = this.trailersAdded;
    this.trailersAdded = false;
    if (hasTrailers && !endStream) throw new Error("a filter adds trailers in the middle of a message");
    const ends = endStream && !hasTrailers;
    const hasStopped = this.stoppedWatching(i);
    if (status !== CONTINUE || hasStopped) {
      if (this.state === RUNNING) {
        this.state = STOPPED_AT_DATA;
        this.at = i;
      }
      if (bytes.length > 0 || ends) this.wait(i + 1, bytes, ends);
      if (hasTrailers) this.trailersNext = i + 1;
      if (status === CONTINUE) this.resume();
      return;
    }
    this.show(i + 1, bytes, ends);
    if (hasTrailers && !line.isOver) this.trailersFrom(i + 1);
  }

  /** Filter `i` has put data before its trailers, or in their place. True: nothing is left to be done for them. */
  private endEdited(i: number, status: FilterStatus, hasStopped: boolean): boolean {
    const bytes = this.takeEditedBytes() ?? NOTHING;
    const ends = this.trailersDropped;
    this.trailersDropped = false;
    if (ends) this.line.dropTrailers();
    if (status !== CONTINUE || hasStopped) {
      if (bytes.length > 0 || ends) this.wait(i + 1, bytes, ends);
      if (!ends) return false;
      if (this.state === RUNNING) {
        this.state = STOPPED_AT_TRAILERS;
        this.at = i;
      }
      if (status === CONTINUE) this.resume();
      return true;
    }
    this.show(i + 1, bytes, ends);
    return ends || this.line.isOver;
  }

  /** Shows bytes of a filter to those from `start` on. */
  private show(start: number, bytes: Uint8Array, endStream: boolean): void {
    const { line } = this;
    for (let from = 0; from < bytes.length || (endStream && bytes.length === 0); ) {
      const piece = bytes.subarray(from, from + PIECE_BYTES);
      from += piece.length;
      const isLast = from === bytes.length;
      this.dataFrom(start, line.lend(piece), piece.length, endStream && isLast);
      if (isLast || line.isOver) return;
    }
  }

  private checkWholeBody(): void {
    const { line } = this;
    if (!this.isStopped || line.isOver) return;
    if (this.waitingBytes > this.wholeBodyLimit) line.onTooLarge();
    else if (this.trailersNext !== NONE || this.waiting.at(-1)?.endStream) this.resume();
    // The rest has to come, also when a filter before has paused it.
    else if (this.sourcePaused) this.resumeSource();
  }

  private resumeSource(): void {
    this.sourcePaused = false;
    this.line.resumeSource();
  }
}
