/**
 * One message on its way through the filters: request downward, response upward. Where a filter says STOP the message
 * stays until `resume`:
 *
 * - stopped at its headers: later parts wait, unseen by anyone; on `resume` the next filter gets the headers, and then the
 *   body runs from the filter that stopped (so a filter that waited for the whole body sees it).
 * - stopped at its data: what the filter saw waits; later data still run up to that filter and join what waits; on
 *   `resume` all of it goes on to the next filter.
 *
 * What waits is copied. Above `limit` bytes the source is paused, or, when the filter asked for the whole body, `onTooLarge`.
 */

import { CONTINUE, type FilterStatus } from "./filter.ts";
import { HeldBody } from "./held_body.ts";

/** The two directions differ in which callbacks they call and in what stands at the end of the line. */
export interface FilterLine {
  /** Filters on the line, not counting the end. */
  readonly count: number;
  headers(position: number, endStream: boolean): FilterStatus;
  data(position: number, address: number, length: number, endStream: boolean): FilterStatus;
  trailers(position: number): FilterStatus;
  /** The end of the line: the terminal filter, or the codec. */
  endHeaders(endStream: boolean): void;
  endData(address: number, length: number, endStream: boolean): void;
  endTrailers(): void;
  /** The stream is over: nothing may be called any more. */
  readonly isOver: boolean;
  pauseSource(): void;
  resumeSource(): void;
  onTooLarge(): void;
  /** Puts held bytes where `data` can read them, and gives the address. */
  lend(bytes: Uint8Array): number;
  memory(): Uint8Array;
}

const RUNNING = 0;
const STOPPED_AT_HEADERS = 1;
const STOPPED_AT_DATA = 2;

export class FilterRun {
  private readonly line: FilterLine;
  private readonly held = new HeldBody();
  private state = RUNNING;
  private at = 0;
  private headersEndStream = false;
  private trailersWait = false;
  private sourcePaused = false;
  /** > 0: a filter asked for the whole body. */
  private wholeBodyLimit = 0;
  private limit = 0;

  constructor(line: FilterLine) {
    this.line = line;
  }

  /** Ready for the next message. @param limit bytes that may wait before the source is paused */
  begin(limit: number): void {
    this.state = RUNNING;
    this.at = 0;
    this.trailersWait = false;
    this.sourcePaused = false;
    this.wholeBodyLimit = 0;
    this.limit = limit;
    this.held.clear();
  }

  get isStopped(): boolean {
    return this.state !== RUNNING;
  }

  /** The filter that is about to stop wants all of the body, `maxBytes` at most. */
  wantWholeBody(maxBytes: number): void {
    this.wholeBodyLimit = maxBytes;
  }

  headers(endStream: boolean): void {
    this.headersEndStream = endStream;
    this.headersFrom(0);
  }

  data(address: number, length: number, endStream: boolean): void {
    const { line } = this;
    if (this.state === RUNNING) {
      if (line.count === 0) line.endData(address, length, endStream);
      else this.dataFrom(0, address, length, endStream);
      return;
    }
    if (this.state === STOPPED_AT_DATA && !this.runUpTo(this.at, address, length, endStream)) return;
    this.hold(address, length, endStream);
  }

  trailers(): void {
    if (this.state === RUNNING) {
      this.trailersFrom(0);
      return;
    }
    this.trailersWait = true;
    if (this.wholeBodyLimit > 0) this.resume();
  }

  /** The filter that stopped lets the message go on. */
  resume(): void {
    const { line } = this;
    if (this.state === RUNNING || line.isOver) return;
    const { state, at } = this;
    this.state = RUNNING;
    this.wholeBodyLimit = 0;
    if (state === STOPPED_AT_HEADERS) {
      this.headersFrom(at + 1);
      if (this.isStopped || line.isOver) return;
      this.releaseHeld(at);
    } else {
      this.releaseHeld(at + 1);
    }
    if (this.isStopped || line.isOver) return;
    if (this.trailersWait) {
      this.trailersWait = false;
      this.trailersFrom(state === STOPPED_AT_HEADERS ? at : at + 1);
    }
    if (this.sourcePaused && !this.isStopped && !line.isOver) {
      this.sourcePaused = false;
      line.resumeSource();
    }
  }

  private headersFrom(start: number): void {
    const { line } = this;
    for (let i = start; i < line.count; i++) {
      const status = line.headers(i, this.headersEndStream);
      if (line.isOver) return;
      if (status !== CONTINUE) {
        this.state = STOPPED_AT_HEADERS;
        this.at = i;
        return;
      }
    }
    line.endHeaders(this.headersEndStream);
  }

  private dataFrom(start: number, address: number, length: number, endStream: boolean): void {
    const { line } = this;
    for (let i = start; i < line.count; i++) {
      const status = line.data(i, address, length, endStream);
      if (line.isOver) return;
      if (status !== CONTINUE) {
        this.state = STOPPED_AT_DATA;
        this.at = i;
        this.hold(address, length, endStream);
        return;
      }
    }
    line.endData(address, length, endStream);
  }

  /** Lets the filters up to the one that stopped see data that will join what waits; false: stopped earlier, or over. */
  private runUpTo(last: number, address: number, length: number, endStream: boolean): boolean {
    const { line } = this;
    for (let i = 0; i <= last; i++) {
      const status = line.data(i, address, length, endStream);
      if (line.isOver) return false;
      if (status === CONTINUE && i === last) {
        this.hold(address, length, endStream);
        this.resume();
        return false;
      }
    }
    return true;
  }

  private trailersFrom(start: number): void {
    const { line } = this;
    for (let i = start; i < line.count; i++) {
      line.trailers(i);
      if (line.isOver) return;
    }
    line.endTrailers();
  }

  private hold(address: number, length: number, endStream: boolean): void {
    const { held, line } = this;
    held.push(line.memory(), address, length, endStream);
    if (this.wholeBodyLimit > 0) {
      if (held.bytes > this.wholeBodyLimit) line.onTooLarge();
      else if (endStream) this.resume();
    } else if (held.bytes > this.limit && !this.sourcePaused) {
      this.sourcePaused = true;
      line.pauseSource();
    }
  }

  private releaseHeld(start: number): void {
    const { held, line } = this;
    const { endStream } = held;
    while (held.hasPieces) {
      const piece = held.shift() as Uint8Array;
      const isLast = !held.hasPieces;
      this.dataFrom(start, line.lend(piece), piece.length, endStream && isLast);
      if (this.isStopped || line.isOver) return;
      if (isLast) return;
    }
    if (endStream) this.dataFrom(start, 0, 0, true);
  }
}
