/** When gathered output is written: at once, or when all sockets that are ready have been read; in order in any case. */
import { expect, it } from "vitest";
import { LoopPass } from "../../../host/net/loop_pass.ts";
import { NO_PLACE, Output, type OutputTarget } from "../../../host/net/output.ts";
import { SlabPool } from "../../../host/net/slab_pool.ts";
import { type OutputSlab, type Socket, WRITE_DONE, WRITE_PINNED } from "../../../host/net/socket.ts";

const SLAB_BYTES = 1_024;

function bench(slabCount = 8, slabBytes = SLAB_BYTES) {
  const memory = new ArrayBuffer(slabBytes * slabCount);
  const slabs = new SlabPool(memory, 0, slabBytes, slabCount);
  const scheduled: (() => void)[] = [];
  const output = new Output(slabs, new LoopPass((callback) => scheduled.push(callback)));
  const written: string[] = [];
  const pinned: OutputSlab[] = [];
  const target = (name: string, pins = false): OutputTarget => ({
    socket: {
      aboveHighWatermark: pins,
      write(slab: OutputSlab, length: number) {
        written.push(`${name} ${Buffer.from(slab.view(length)).toString("latin1")}`);
        if (pins) pinned.push(slab);
        return pins ? WRITE_PINNED : WRITE_DONE;
      },
    } as unknown as Socket,
    outputPlace: NO_PLACE,
    onOutputBlocked: () => written.push(`${name} blocked`),
    onOutputStarved: () => written.push(`${name} starved`),
  });
  const say = (to: OutputTarget, text: string) => {
    const at = output.room(to);
    new Uint8Array(memory).set(Buffer.from(text), at);
    output.commit(text.length);
  };
  return { slabs, scheduled, output, written, pinned, target, say };
}

it("writes what several reads left in one go, once for each socket, oldest first, and gives the slabs back", () => {
  const { output, scheduled, written, slabs, target, say } = bench();
  const [a, b] = [target("a"), target("b")];
  for (const [to, text] of [
    [a, "1"],
    [b, "2"],
    [a, "3"],
  ] as const) {
    say(to, text);
    output.defer();
  }
  expect(written).toEqual([]);
  expect([a, b].map((to) => output.holds(to))).toEqual([true, true]);
  scheduled[0]?.();
  expect(written).toEqual(["a 13", "b 2"]);
  expect([a, b].map((to) => output.holds(to))).toEqual([false, false]);
  expect(slabs.inUse).toBe(1);
  say(a, "4");
  output.defer();
  scheduled.at(-1)?.();
  expect(written.at(-1)).toBe("a 4");
});

it("goes on for a socket where it was when others came between, and writes all that is left before a close", () => {
  const { output, scheduled, written, target, say } = bench();
  const [a, b] = [target("a"), target("b")];
  say(a, "1");
  output.defer();
  say(b, "2");
  say(a, "3");
  say(b, "4");
  output.flush();
  expect(written).toEqual(["a 13", "b 24"]);
  scheduled[0]?.();
  expect(written).toHaveLength(2);
});

it("writes once what owners say when they hear that their socket is full, also when they flush", () => {
  const { output, written, target, say } = bench();
  const [slow, other, third] = [target("slow", true), target("other"), target("third")];
  slow.onOutputBlocked = () => {
    say(other, "!");
    output.flush();
    say(other, "?");
  };
  say(slow, "1");
  say(other, "2");
  say(third, "3");
  output.flush();
  expect(written).toEqual(["slow 1", "other 2!", "third 3", "other ?"]);
});

it("keeps the order of what is said to a socket while room for it is being made", () => {
  const { output, written, target, say } = bench(3);
  const [slow, other, a] = [target("slow", true), target("other"), target("a")];
  slow.onOutputBlocked = () => say(a, "1");
  say(slow, "x");
  say(other, "y");
  say(a, "2");
  output.flush();
  expect(written).toEqual(["slow x", "other y", "a 1", "a 2"]);
});

it("writes nothing where room was asked for and not used", () => {
  const { output, slabs, written, target } = bench();
  output.room(target("a"));
  output.flush();
  expect([written, slabs.inUse]).toEqual([[], 1]);
});

it("gathers for as many sockets as there are", () => {
  const { output, scheduled, written, target, say } = bench(200);
  const targets = Array.from({ length: 150 }, (_, i) => target(String(i)));
  for (const to of targets) {
    say(to, "x");
    output.defer();
  }
  for (const end of scheduled) end();
  expect(written).toEqual(targets.map((_, i) => `${i} x`));
});

it("tells the owner of a socket that takes no more, and leaves it the slab", () => {
  const { output, scheduled, written, slabs, pinned, target, say } = bench();
  say(target("slow", true), "1");
  output.defer();
  scheduled[0]?.();
  expect(written).toEqual(["slow 1", "slow blocked"]);
  expect(slabs.inUse).toBe(2);
  for (const slab of pinned) slab.release();
  expect(slabs.inUse).toBe(1);
});

it("goes on with the one slab that it keeps when slow peers have pinned all others", () => {
  const { output, written, pinned, slabs, target, say } = bench(3);
  const slow = [target("slow", true), target("slower", true)];
  for (const to of slow) say(to, "1");
  output.flush();
  expect(slabs.inUse).toBe(slabs.count);
  const [a, b] = [target("a"), target("b")];
  say(a, "2");
  output.defer();
  say(b, "3");
  say(a, "4");
  output.flush();
  expect(written).toEqual(["slow 1", "slow blocked", "slower 1", "slower blocked", "a 2", "b 3", "a 4"]);
  say(target("slowest", true), "5");
  output.flush();
  expect(written.slice(-2)).toEqual(["slowest 5", "slowest starved"]);
  for (const slab of pinned.slice(0, 2)) slab.release();
  expect(slabs.inUse).toBe(1);
});

it("leaves no bulk for the end of a pass", () => {
  const { output, written, target } = bench(8, 40_000);
  const a = target("a");
  output.room(a);
  output.commit(32_769);
  output.defer();
  expect(written).toHaveLength(1);
});

it("writes at once where nobody says when reads are over", () => {
  const { slabs, written, target } = bench();
  const output = new Output(slabs);
  output.room(target("a"));
  output.commit(1);
  output.defer();
  expect(written).toHaveLength(1);
});
