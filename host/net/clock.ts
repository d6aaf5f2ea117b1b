/**
 * Time as the host sees it: a monotonic clock that is read once per event, and timers.
 *
 * `now()` is cached: the sockets' callbacks and the timers refresh it (`NetOptions.onWake`), so that all code that one
 * event runs sees one time and pays for one reading.
 */

export interface Clock {
  /** Milliseconds, monotonic, with fractions; the value at the last `refresh()`. */
  now(): number;
  /** Milliseconds since the epoch, for dates and log lines; read anew each time. */
  wallMs(): number;
  /** Reads the clock: called at the start of each callback from the event loop. */
  refresh(): void;
}

/** Who a timer tells. An owner with several timers compares: `timer === this.idleTimer`. */
export interface TimerOwner {
  onTimer(timer: Timer): void;
}

/**
 * One timer, made once with its owner and started as often as needed; `start` and `stop` are O(1) and allocate nothing.
 * A timer that is neither started nor referenced needs no end.
 */
export interface Timer {
  owner: TimerOwner;
  /** Started and not yet fired or stopped. */
  readonly isArmed: boolean;
  /** Fires once, `delayMs` from the clock's `now()` (never early, late by up to the resolution). Starting again moves it. */
  start(delayMs: number): void;
  stop(): void;
}

/** Makes timers. One per thread. */
export interface Timers {
  readonly clock: Clock;
  timer(owner: TimerOwner): Timer;
}

/** The clock of the machine. */
export class SystemClock implements Clock {
  private cachedMs = performance.now();

  now(): number {
    return this.cachedMs;
  }

  wallMs(): number {
    return Date.now();
  }

  refresh(): void {
    this.cachedMs = performance.now();
  }
}
