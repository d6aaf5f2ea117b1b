/**
 * Timers on a hierarchical wheel (Varghese and Lauck, 1987, scheme 7).
 *
 *   level 0   64 slots of 1 tick         | the next 64 ms
 *   level 1   64 slots of 64 ticks       | 4 s
 *   level 2   64 slots of 4,096 ticks    | 4 min 22 s
 *   level 3   64 slots of 262,144 ticks  | 4 h 40 min; what is later waits in its last slot and is placed anew
 *
 * A tick is one millisecond. A timer sits in the slot of its deadline; when time reaches a slot of a higher level, its
 * timers move down. Starting and stopping link and unlink a node, nothing more.
 *
 * Most timers of a proxy are pushed on before they fire (an idle timeout at each request). So `start` with a deadline that is
 * not before the one the node was placed for only notes it: the node is placed anew when its old slot comes up.
 */

import type { Clock, Timer, TimerOwner, Timers } from "./clock.ts";

const SLOTS = 64;
const SLOT_MASK = SLOTS - 1;
const LEVELS = 4;
const TICKS_PER_SLOT = [1, SLOTS, SLOTS ** 2, SLOTS ** 3];
/** The farthest tick that a slot can be given, counted from the wheel's position. */
const SPAN = (SLOTS - 1) * SLOTS ** (LEVELS - 1);
const NEVER = Number.POSITIVE_INFINITY;

/** What wakes the wheel: one alarm, set anew each time. */
export interface Alarm {
  /** Calls `wake` after about `delayMs`; replaces what was set before. */
  set(delayMs: number, wake: () => void): void;
  clear(): void;
}

/** Node's own timer as the alarm. It does not keep the process alive: sockets and listeners do. */
export class NodeAlarm implements Alarm {
  private timeout: NodeJS.Timeout | null = null;

  set(delayMs: number, wake: () => void): void {
    this.clear();
    this.timeout = setTimeout(wake, delayMs);
    this.timeout.unref();
  }

  clear(): void {
    if (this.timeout === null) return;
    clearTimeout(this.timeout);
    this.timeout = null;
  }
}

export class TimerWheel implements Timers {
  readonly clock: Clock;
  private readonly alarm: Alarm;
  private readonly onFault: (error: unknown) => void;
  /** Heads of circular lists, level by level. */
  private readonly slots: WheelTimer[] = [];
  /** Timers placed, per level. */
  private readonly placed: number[] = new Array<number>(LEVELS).fill(0);
  /** Every tick up to this one has fired. */
  private position: number;
  /** What the alarm is set for; never after the first tick that has something to do. */
  private alarmTick = NEVER;
  private readonly wake = (): void => {
    this.alarmTick = NEVER;
    this.clock.refresh();
    this.advance();
  };

  /** `onFault` hears what a timer's owner throws; the other timers fire all the same. */
  constructor(clock: Clock, alarm: Alarm, onFault: (error: unknown) => void) {
    this.clock = clock;
    this.alarm = alarm;
    this.onFault = onFault;
    this.position = Math.floor(clock.now());
    for (let index = 0; index < LEVELS * SLOTS; index++) this.slots.push(new WheelTimer(this, NOBODY));
  }

  timer(owner: TimerOwner): Timer {
    return new WheelTimer(this, owner);
  }

  /** Timers that are armed: walks all lists, for those who look for leaks. */
  get armedCount(): number {
    let count = 0;
    for (const head of this.slots) {
      for (let timer = head.next; timer !== head; timer = timer.next) if (timer.isArmed) count++;
    }
    return count;
  }

  /** Fires what is due at the clock's time, in the order of the deadlines, and sets the alarm for the next. */
  advance(): void {
    const now = Math.floor(this.clock.now());
    const { alarmTick } = this;
    // Until all is done the position goes from tick to tick: a `place` that caught up with the time would pass over lists that
    // are not empty, and could put a timer back into the list that is being emptied, for ever.
    this.alarmTick = ADVANCING;
    let tick = this.nextTick();
    while (tick <= now) {
      this.position = tick;
      this.expire(tick);
      tick = this.nextTick();
    }
    if (now > this.position) this.position = now;
    this.alarmTick = alarmTick;
    if (tick < alarmTick) this.setAlarm(tick);
  }

  /** Stops the alarm: the wheel's thread ends. */
  stop(): void {
    this.alarm.clear();
    this.alarmTick = NEVER;
  }

  /** For timers: puts a node into the slot of its deadline. */
  place(timer: WheelTimer): void {
    const now = Math.floor(this.clock.now());
    // Nothing is due before the alarm, so time may be caught up with: a short timer then gets a short slot.
    if (now > this.position && now < this.alarmTick) this.position = now;
    const tick = Math.min(Math.max(timer.deadline, this.position + 1), this.position + SPAN);
    let level = LEVELS - 1;
    while (level > 0 && slotNumber(tick, level) === slotNumber(this.position, level)) level--;
    const slot = slotNumber(tick, level);
    timer.placedTick = tick;
    timer.level = level;
    timer.linkBefore(this.headOf(level, slot));
    this.placed[level] = (this.placed[level] as number) + 1;
    const firstTick = slot * (TICKS_PER_SLOT[level] as number);
    if (firstTick < this.alarmTick) this.setAlarm(firstTick);
  }

  /** For timers: takes a node out. An alarm that is now too early finds nothing to do and is set anew. */
  remove(timer: WheelTimer): void {
    timer.unlink();
    this.placed[timer.level] = (this.placed[timer.level] as number) - 1;
  }

  /**
   * The first tick at which a slot comes up. A lower level always comes first: its timers share the slot of the level
   * above with the present.
   */
  private nextTick(): number {
    for (let level = 0; level < LEVELS; level++) {
      if (this.placed[level] === 0) continue;
      const present = slotNumber(this.position, level);
      for (let slot = present + 1; slot < present + SLOTS; slot++) {
        const head = this.headOf(level, slot);
        if (head.next !== head) return slot * (TICKS_PER_SLOT[level] as number);
      }
    }
    return NEVER;
  }

  /** Empties the slots that begin at this tick, from the top, so that what moves down is seen below. */
  private expire(tick: number): void {
    for (let level = LEVELS - 1; level >= 0; level--) {
      if (this.placed[level] === 0 || tick % (TICKS_PER_SLOT[level] as number) !== 0) continue;
      const head = this.headOf(level, slotNumber(tick, level));
      while (head.next !== head) {
        const timer = head.next;
        this.remove(timer);
        if (timer.deadline === PARKED) continue;
        if (timer.deadline > tick) this.place(timer);
        else this.fire(timer);
      }
    }
  }

  private fire(timer: WheelTimer): void {
    try {
      timer.owner.onTimer(timer);
    } catch (error) {
      this.onFault(error);
    }
  }

  private setAlarm(tick: number): void {
    this.alarmTick = tick;
    this.alarm.set(Math.max(0, Math.ceil(tick - this.clock.now())), this.wake);
  }

  private headOf(level: number, slot: number): WheelTimer {
    return this.slots[level * SLOTS + (slot & SLOT_MASK)] as WheelTimer;
  }
}

/** As the tick of the alarm: before all others, so that nobody sets an alarm or catches up with the time. */
const ADVANCING = -1;

/** Counts the slots of a level from the beginning of time. Division, since ticks outgrow 32 bits after 25 days. */
function slotNumber(tick: number, level: number): number {
  return Math.floor(tick / (TICKS_PER_SLOT[level] as number));
}

/** The deadline of a timer that was stopped and still has its place: leaving the list would cost more than being found there. */
const PARKED = -1;

const NOBODY: TimerOwner = { onTimer() {} };

/** A node of one of the wheel's lists; linked to itself while it is not armed. Heads of lists are nodes too. */
class WheelTimer implements Timer {
  owner: TimerOwner;
  /** The tick at which it fires. */
  deadline = 0;
  /** The tick for which it was placed, not after the deadline. */
  placedTick = 0;
  level = 0;
  next: WheelTimer = this;
  private previous: WheelTimer = this;
  private readonly wheel: TimerWheel;

  constructor(wheel: TimerWheel, owner: TimerOwner) {
    this.wheel = wheel;
    this.owner = owner;
  }

  get isArmed(): boolean {
    return this.next !== this && this.deadline !== PARKED;
  }

  start(delayMs: number): void {
    const deadline = Math.ceil(this.wheel.clock.now() + delayMs);
    if (this.next === this) {
      this.deadline = deadline;
      this.wheel.place(this);
    } else if (deadline >= this.placedTick) {
      this.deadline = deadline;
    } else {
      this.wheel.remove(this);
      this.deadline = deadline;
      this.wheel.place(this);
    }
  }

  stop(): void {
    this.deadline = PARKED;
  }

  release(): void {
    this.deadline = PARKED;
    if (this.next !== this) this.wheel.remove(this);
  }

  linkBefore(head: WheelTimer): void {
    const last = head.previous;
    this.previous = last;
    this.next = head;
    last.next = this;
    head.previous = this;
  }

  unlink(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.next = this;
    this.previous = this;
  }
}
