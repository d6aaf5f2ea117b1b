/** When gathered output is written: at once, or when all sockets that are ready have been read; in order in any case. */
import { expect, it } from "vitest";
import { LoopPass } from "../../../host/net/loop_pass.ts";
import { Output, type OutputTarget } from "../../../host/net/output.ts";
import { SlabPool } from "../../../host/net/slab_pool.ts";
import { type OutputSlab, type Socket, WRITE_DONE, WRITE_PINNED } from "../../../host/net/socket.ts";

const SLAB_BYTES = 1_024;

function bench(slabCount = 8) {
  const memory = new ArrayBuffer(SLAB_BYTES * slabCount);
  const slabs = new SlabPool(memory, 0, SLAB_BYTES, slabCount);
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

it("writes what several reads deferred in one go, in order, and gives the slabs back", () => {
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
  expect(scheduled).toHaveLength(1);
  scheduled[0]?.();
  expect(written).toEqual(["a 1", "b 2", "a 3"]);
  expect(slabs.inUse).toBe(1);
  say(a, "4");
  output.defer();
  expect(scheduled).toHaveLength(2);
});

it("writes what was deferred before what is flushed, and before a close only that", () => {
  const { output, scheduled, written, target, say } = bench();
  const [a, b] = [target("a"), target("b")];
  say(a, "1");
  output.defer();
  say(b, "2");
  output.writeDeferred();
  expect(written).toEqual(["a 1"]);
  say(b, "3");
  output.flush();
  expect(written).toEqual(["a 1", "b 23"]);
  scheduled[0]?.();
  expect(written).toHaveLength(2);
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

it("defers nothing when there is no slab to go on with", () => {
  const { output, written, target, say } = bench(2);
  const a = target("a");
  say(a, "1");
  output.defer();
  say(a, "2");
  output.defer();
  expect(written).toEqual(["a 1", "a 2"]);
});

it("writes at once where nobody says when reads are over", () => {
  const { slabs, written, target } = bench();
  const output = new Output(slabs);
  output.room(target("a"));
  output.commit(1);
  output.defer();
  expect(written).toHaveLength(1);
});

it("gathers what a connection that rejoins says in several reads, in one write and in order", () => {
  const { output, scheduled, written, slabs, target, say } = bench();
  const [a, b] = [target("a"), target("b")];
  const turn = (to: OutputTarget, text: string, rejoins = true) => {
    if (rejoins) output.rejoin(to);
    say(to, text);
    output.defer();
  };
  turn(a, "1", false);
  turn(a, "2", false);
  turn(b, "3");
  turn(a, "4");
  turn(b, "5");
  expect(output.holds(a)).toBe(true);
  scheduled[0]?.();
  expect(written).toEqual(["a 1", "a 24", "b 35"]);
  expect([output.holds(a), slabs.inUse]).toEqual([false, 1]);
  // What is being gathered for another one goes first, and takes along what waits.
  turn(a, "6");
  say(b, "7");
  output.rejoin(a);
  say(a, "8");
  output.flush();
  expect(written.slice(3)).toEqual(["a 6", "b 7", "a 8"]);
});
