import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SystemClock, type Timer, type TimerOwner } from "../../../host/net/clock.ts";
import { NodeAlarm, TimerWheel } from "../../../host/net/timer_wheel.ts";
import { VirtualClock } from "../../support/virtual_clock.ts";

class Firings implements TimerOwner {
  readonly atMs: number[] = [];
  private readonly clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  onTimer(): void {
    this.atMs.push(this.clock.now());
  }
}

describe("timer wheel", () => {
  it.each([0, 1, 63, 64, 65, 4_095, 4_096, 15_000, 262_144, 3_600_000, 16_777_216, 100_000_000])(
    "fires once after %i ms, never early",
    (delayMs) => {
      const clock = new VirtualClock();
      clock.advance(777);
      const firings = new Firings(clock);
      clock.timers.timer(firings).start(delayMs);
      clock.advance(delayMs + 1_000);
      // The tick after this one is the soonest that anything fires.
      expect(firings.atMs).toEqual([777 + Math.max(1, delayMs)]);
    },
  );

  it("does not fire when stopped, and fires again when started again", () => {
    const clock = new VirtualClock();
    const firings = new Firings(clock);
    const timer = clock.timers.timer(firings);
    timer.start(100);
    clock.advance(99);
    timer.stop();
    expect(timer.isArmed).toBe(false);
    clock.advance(1_000);
    expect(firings.atMs).toEqual([]);
    timer.start(5);
    clock.advance(5);
    expect(firings.atMs).toEqual([1_104]);
    expect(timer.isArmed).toBe(false);
  });

  it("comes to an end when it wakes late, with timers that were moved on", () => {
    let timeMs = 0;
    let readings = 0;
    let ring = () => {};
    const clock = {
      now() {
        // A wheel that turns for ever would never let the test fail.
        if (++readings > 10_000) throw new Error("the wheel does not stand still");
        return timeMs;
      },
      wallMs: () => timeMs,
      wallAt: (ms: number) => ms,
      refresh() {},
    };
    const alarm = {
      set(_delayMs: number, wake: () => void) {
        ring = wake;
      },
      clear() {},
    };
    for (let late = 0; late < 200; late++) {
      timeMs = 0;
      readings = 0;
      const wheel = new TimerWheel(clock, alarm, (error) => {
        throw error;
      });
      const fired: number[] = [];
      const timers = Array.from({ length: 130 }, (_, i) => {
        const timer = wheel.timer({ onTimer: () => fired.push(i) });
        timer.start(10);
        timer.start(10 + i);
        return timer;
      });
      timeMs = 10 + late;
      ring();
      expect(fired).toEqual(timers.flatMap((_, i) => (i <= late ? [i] : [])));
      expect(wheel.armedCount).toBe(Math.max(0, timers.length - 1 - late));
    }
  });

  it("moves a timer that is started again, forward and back", () => {
    const clock = new VirtualClock();
    const firings = new Firings(clock);
    const timer = clock.timers.timer(firings);
    timer.start(50);
    clock.advance(40);
    timer.start(5_000);
    clock.advance(4_999);
    expect(firings.atMs).toEqual([]);
    timer.start(9_000);
    timer.start(20);
    clock.advance(10_000);
    expect(firings.atMs).toEqual([5_059]);
  });

  it("lets an owner start and stop timers while they fire", () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const other = clock.timers.timer({ onTimer: () => seen.push("other") });
    const sibling = clock.timers.timer({ onTimer: () => seen.push("sibling") });
    const repeating: TimerOwner = {
      onTimer(timer: Timer) {
        seen.push("tick");
        sibling.stop();
        if (seen.length < 3) timer.start(0);
      },
    };
    clock.timers.timer(repeating).start(10);
    sibling.start(10);
    other.start(300);
    clock.advance(1_000);
    expect(seen).toEqual(["tick", "tick", "tick", "other"]);
    expect(clock.timers.armedCount).toBe(0);
  });

  it("fires the others when one owner throws", () => {
    const clock = new VirtualClock();
    const faults: unknown[] = [];
    const wheel = new TimerWheel(clock, clock, (error) => faults.push(error));
    const fault = new Error("from an owner");
    let fired = 0;
    wheel
      .timer({
        onTimer() {
          throw fault;
        },
      })
      .start(5);
    wheel.timer({ onTimer: () => fired++ }).start(5);
    clock.advance(10);
    expect(faults).toEqual([fault]);
    expect(fired).toBe(1);
  });

  it("agrees with a plain list of deadlines on any run of starts, stops and waits", () => {
    const command = fc.oneof(
      fc.record({
        verb: fc.constant("start" as const),
        timer: fc.nat(5),
        ms: fc.oneof(fc.nat(200), fc.nat(20_000_000)),
      }),
      fc.record({ verb: fc.constant("stop" as const), timer: fc.nat(5), ms: fc.constant(0) }),
      fc.record({
        verb: fc.constant("wait" as const),
        timer: fc.constant(0),
        ms: fc.oneof(fc.nat(100), fc.nat(9_000_000)),
      }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const clock = new VirtualClock();
        const fired: string[] = [];
        const timers = [0, 1, 2, 3, 4, 5].map((name) =>
          clock.timers.timer({ onTimer: () => fired.push(`${name}@${clock.now()}`) }),
        );
        const expected: string[] = [];
        const deadlines = new Map<number, number>();
        for (const { verb, timer, ms } of commands) {
          if (verb === "start") {
            timers[timer]?.start(ms);
            deadlines.set(timer, clock.now() + Math.max(1, ms));
          } else if (verb === "stop") {
            timers[timer]?.stop();
            deadlines.delete(timer);
          } else {
            const due = [...deadlines].filter(([, deadline]) => deadline <= clock.now() + ms);
            for (const [name, deadline] of due) {
              expected.push(`${name}@${deadline}`);
              deadlines.delete(name);
            }
            clock.advance(ms);
          }
        }
        expect(fired.toSorted()).toEqual(expected.toSorted());
        const atMs = fired.map((entry) => Number(entry.split("@")[1]));
        expect(atMs).toEqual(atMs.toSorted((left, right) => left - right));
        expect(clock.timers.armedCount).toBe(deadlines.size);
      }),
    );
  });

  it("wakes by Node's timer on the machine's clock", async () => {
    const clock = new SystemClock();
    const wheel = new TimerWheel(clock, new NodeAlarm(), (error) => {
      throw error;
    });
    const startMs = clock.now();
    // The alarm does not keep a process alive; a test runner's process lives on by itself.
    const firedMs = await new Promise<number>((resolve) => {
      wheel.timer({ onTimer: () => resolve(clock.now()) }).start(15);
    });
    expect(firedMs - startMs).toBeGreaterThanOrEqual(15);
    wheel.stop();
  });
});
