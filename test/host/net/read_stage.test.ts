/** Reads that wait for the others of their pass: nothing is lost, and the order is that of the reads. */
import { expect, it } from "vitest";
import { LoopPass } from "../../../host/net/loop_pass.ts";
import { ReadStage } from "../../../host/net/read_stage.ts";

const READ_AT = 0;
const STAGE_AT = 8_192;
const STAGE_BYTES = 6_000;

function bench() {
  const memory = Buffer.alloc(STAGE_AT + STAGE_BYTES);
  const passes: (() => void)[] = [];
  const pass = new LoopPass((callback) => passes.push(callback));
  const said: string[] = [];
  const copy = (to: number, from: number, length: number) => memory.copyWithin(to, from, from + length);
  const stage = new ReadStage({ start: STAGE_AT, byteLength: STAGE_BYTES, copy }, pass, () => said.push("wake"));
  pass.writeOut = () => said.push("write");
  const reader = (name: string) => ({
    onStagedRead(address: number, length: number) {
      said.push(`${name} ${memory.toString("latin1", address, address + Math.min(length, 9))} ${length}`);
    },
  });
  const read = (name: string, text: string, length = text.length, isAnswer = false) => {
    memory.fill(text, READ_AT, READ_AT + length, "latin1");
    return stage.hold(reader(name), isAnswer, READ_AT, length);
  };
  return { passes, read, said, stage };
}

it("hands out what one pass read, in order, at one time, and before what is written", () => {
  const { passes, read, said } = bench();
  expect([read("a", "one"), read("b", "two"), read("c", "three")]).toEqual([true, true, true]);
  expect(said).toEqual([]);
  expect(passes).toHaveLength(1);
  passes[0]?.();
  expect(said).toEqual(["wake", "a one 3", "b two 3", "c three 5", "write"]);
});

it("hands out what upstreams said before what clients said", () => {
  const { passes, read, said } = bench();
  read("a", "question", 8);
  read("b", "answer", 6, true);
  read("c", "question", 8);
  read("d", "answer", 6, true);
  passes[0]?.();
  expect(said).toEqual(["wake", "b answer 6", "d answer 6", "a question 8", "c question 8", "write"]);
});

it("refuses what is large, and hands out what waits before it refuses for want of room", () => {
  const { passes, read, said } = bench();
  expect(read("a", "one")).toBe(true);
  expect(read("b", "x", 4_097)).toBe(false);
  expect(said).toEqual([]);
  expect(read("b", "b", 4_096)).toBe(true);
  expect(read("c", "c", 4_096)).toBe(false);
  expect(said).toEqual(["wake", "a one 3", "b bbbbbbbbb 4096"]);
  expect(read("d", "d", 4_096)).toBe(true);
  passes[0]?.();
  expect(said.slice(3)).toEqual(["wake", "d ddddddddd 4096", "write"]);
});

it("takes the next pass after one in which an owner failed", () => {
  const { passes, read, said, stage } = bench();
  stage.hold(
    {
      onStagedRead() {
        throw new Error("ours");
      },
    },
    false,
    READ_AT,
    1,
  );
  expect(() => passes[0]?.()).toThrow("ours");
  expect(read("a", "one")).toBe(true);
  expect(passes).toHaveLength(2);
  passes[1]?.();
  expect(said.filter((line) => line.startsWith("a"))).toEqual(["a one 3"]);
});
