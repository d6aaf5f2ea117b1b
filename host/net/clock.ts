/**
 * Time as the host sees it: a monotonic clock that is read once per event, and timers.
 *
 * `now()` is cached: the sockets' callbacks and the timers refresh it (`NetOptions.onWake`), so that all code that one
 * event runs sees one time and pays for one reading.
 */

// The global of the same name is a getter, which costs more than reading the clock.
import { performance } from "node:perf_hooks";

export interface Clock {
  /** Milliseconds, monotonic, with fractions; the value at the last `refresh()`. */
  now(): number;
  /** Milliseconds since the epoch, for dates and log lines; read anew each time. */
  wallMs(): number;
  /** What the wall clock said at a moment of `now()`, within what it was set by in the last second. */
  wallAt(ms: number): number;
  /** Reads the clock: called at the start of each callback from the event loop. */
  refresh(): void;
}

/** Who a timer tells. An owner with several timers compares: `timer === this.idleTimer`. */
export interface TimerOwner {
  onTimer(timer: Timer): void;
}

/**
 * One timer, made once with its owner and started as often as needed; `start` and `stop` are O(1) and allocate nothing.
 * A timer that was never started needs no end; one that was is `release`d with its owner, or the wheel holds both until its time.
 */
export interface Timer {
  owner: TimerOwner;
  /** Started and not yet fired or stopped. */
  readonly isArmed: boolean;
  /** Fires once, `delayMs` from the clock's `now()` (never early, late by up to the resolution). Starting again moves it. */
  start(delayMs: number): void;
  /** A single store; the timer keeps its place in the wheel, and is started again as cheaply. */
  stop(): void;
  /** Stops, and lets the wheel forget it: for owners that end and are not used again. */
  release(): void;
}

/** Makes timers. One per thread. */
export interface Timers {
  readonly clock: Clock;
  timer(owner: TimerOwner): Timer;
}

/** The wall clock may be set; it is looked at again so often. */
const OFFSET_AGE_MS = 1_000;

/** The clock of the machine. */
export class SystemClock implements Clock {
  private cachedMs = performance.now();
  private wallOffset = Date.now() - performance.now();
  private offsetMs = this.cachedMs;

  now(): number {
    return this.cachedMs;
  }

  wallMs(): number {
    return Date.now();
  }

  wallAt(ms: number): number {
    return ms + this.wallOffset;
  }

  refresh(): void {
    this.cachedMs = performance.now();
    if (this.cachedMs - this.offsetMs > OFFSET_AGE_MS) {
      this.offsetMs = this.cachedMs;
      this.wallOffset = Date.now() - this.cachedMs;
    }
  }
}
