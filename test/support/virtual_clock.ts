/**
 * Time that moves when the test says so. It is its own alarm: a timer wheel on it fires while `advance` walks from one
 * deadline to the next.
 */

import type { Clock } from "../../host/net/clock.ts";
import { type Alarm, TimerWheel } from "../../host/net/timer_wheel.ts";

/** 2026-01-01T00:00:00Z: where wall time begins, for readable expectations. */
const WALL_START_MS = 1_767_225_600_000;

export class VirtualClock implements Clock, Alarm {
  private timeMs = 0;
  private alarmAtMs = Number.POSITIVE_INFINITY;
  private wake: (() => void) | null = null;

  /** A wheel whose faults are thrown out of `advance`. */
  readonly timers = new TimerWheel(this, this, (error) => {
    throw error;
  });

  now(): number {
    return this.timeMs;
  }

  wallMs(): number {
    return WALL_START_MS + Math.floor(this.timeMs);
  }

  wallAt(ms: number): number {
    return WALL_START_MS + ms;
  }

  refresh(): void {}

  set(delayMs: number, wake: () => void): void {
    this.alarmAtMs = this.timeMs + delayMs;
    this.wake = wake;
  }

  clear(): void {
    this.alarmAtMs = Number.POSITIVE_INFINITY;
    this.wake = null;
  }

  /** When the next alarm is due, in milliseconds of `now()`; infinite when nothing is armed. */
  get nextAlarmMs(): number {
    return this.alarmAtMs;
  }

  /** Moves time on; alarms on the way ring at their own time. */
  advance(byMs: number): void {
    const targetMs = this.timeMs + byMs;
    while (this.alarmAtMs <= targetMs) {
      this.timeMs = this.alarmAtMs;
      const { wake } = this;
      this.clear();
      wake?.();
    }
    this.timeMs = targetMs;
  }
}
