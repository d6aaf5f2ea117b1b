// Header mutations beyond Envoy's goldens: what is joined, what collides, what is hostile, what has no room.
import { afterAll, describe, expect, it } from "vitest";
import type { HeaderValueOption } from "../../../host/config/types/core.ts";
import { compileMutations, type MutationLevel } from "../../../host/route/header_mutation.ts";
import type { Direction } from "../../../host/route/joined_headers.ts";
import { ProgramMemory } from "../../../host/route/program_memory.ts";
import { fakeStream } from "../access_log/fake_stream.ts";
import { RouteBench } from "./support.ts";

const bench = new RouteBench();
const memory = new ProgramMemory(bench.arena);
afterAll(() => {
  memory.dispose();
  expect(bench.arena.used).toBe(0);
  expect(bench.core.exports.blocksLive()).toBe(0);
});

type Fields = Readonly<Record<string, string | readonly string[]>>;

function apply(levels: readonly MutationLevel[], fields: Fields, direction: Direction = "request"): string[] {
  const mutations = compileMutations(levels, direction, bench.context, memory);
  const head = bench.head(fields);
  expect(mutations.apply(head, fakeStream({ requestHeaders: head }))).toBe(true);
  const lines = [...head.entries()].map(([name, value]) => `${name}: ${value}`);
  head.release();
  return lines;
}

const add = (key: string, value: string, rest: Partial<HeaderValueOption> = {}): HeaderValueOption => ({
  header: { key, value },
  ...rest,
});
const level = (...options: HeaderValueOption[]): MutationLevel => ({ add: options, remove: undefined });

describe("static and dynamic levels do the same", () => {
  const cases: readonly (readonly [string, readonly HeaderValueOption[], Fields])[] = [
    ["append to a header of its own", [add("x-a", "1"), add("X-A", "2")], { "x-a": "0" }],
    ["append to a header that is kept as one", [add("user-agent", "b")], { "user-agent": "a" }],
    ["overwrite several", [add("x-a", "1", { append_action: "OVERWRITE_IF_EXISTS_OR_ADD" })], { "x-a": ["0", "00"] }],
    ["old spelling of overwrite", [add("x-a", "1", { append: false })], { "x-a": "0" }],
    ["old spelling of append", [add("x-a", "1", { append: true })], { "x-a": "0" }],
    [
      "conditions look at the head as it was",
      [
        add("x-a", "1", { append_action: "ADD_IF_ABSENT" }),
        add("x-a", "2", { append_action: "ADD_IF_ABSENT" }),
        add("x-a", "3", { append_action: "OVERWRITE_IF_EXISTS" }),
      ],
      {},
    ],
    ["overwriting comes before adding", [add("x-a", "1"), add("x-a", "2", { append: false })], {}],
    ["empty values", [add("x-a", ""), add("x-b", "", { keep_empty_value: true })], {}],
  ];

  it.each(cases)("%s", (_name, options, fields) => {
    // An operator somewhere makes the whole level dynamic.
    const dynamic = [...options, add("x-marker", "%PROTOCOL%", { append_action: "OVERWRITE_IF_EXISTS" })];
    expect(apply([level(...options)], fields).sort()).toEqual(apply([level(...dynamic)], fields).sort());
  });

  it("joins what the direction joins", () => {
    expect(apply([level(add("user-agent", "b"))], { "user-agent": "a" })).toEqual(["user-agent: a,b"]);
    expect(apply([level(add("user-agent", "b"))], { "user-agent": "a" }, "response")).toEqual([
      "user-agent: a",
      "user-agent: b",
    ]);
    expect(apply([level(add("vary", "b"))], { vary: "a" }, "response")).toEqual(["vary: a,b"]);
  });
});

it("removes before it adds, level by level", () => {
  const levels: MutationLevel[] = [
    { add: [add("x-a", "%REQ(x-b)%")], remove: ["X-A"] },
    { add: [add("x-a", "static")], remove: ["x-b"] },
  ];
  expect(apply(levels, { "x-a": "0", "x-b": "b" })).toEqual(["x-a: b", "x-a: static"]);
});

it("writes no line that a peer's bytes would start", () => {
  const info = fakeStream({ responseCodeDetails: "a\r\nx-evil: 1\0" });
  const mutations = compileMutations(
    [level(add("x-a", "%RESPONSE_CODE_DETAILS(ALLOW_WHITESPACES)%"))],
    "response",
    bench.context,
    memory,
  );
  const head = bench.head({});
  expect(mutations.apply(head, info)).toBe(true);
  expect([...head.entries()]).toEqual([["x-a", "ax-evil: 1"]]);
  head.release();
});

it("keeps the bytes of the config's UTF-8, and percent signs", () => {
  const [line = ""] = apply([level(add("x-a", "é 100%%"))], {});
  expect(Buffer.from(line, "latin1").toString("utf8")).toBe("x-a: é 100%");
});

it("says so when no block has room, and leaves a block that holds", () => {
  const huge = "x".repeat(9_000_000);
  const mutations = compileMutations(
    [level(add("x-small", "1"), add("x-huge", huge))],
    "request",
    bench.context,
    memory,
  );
  const head = bench.head({ "x-a": "0" });
  expect(mutations.apply(head, fakeStream())).toBe(false);
  expect(head.get("x-small")).toBe("1");
  head.release();
});

it("costs nothing where nothing is asked for", () => {
  const mutations = compileMutations([level(), { add: [], remove: [] }], "request", bench.context, memory);
  expect(mutations.empty).toBe(true);
});
