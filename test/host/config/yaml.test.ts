import { describe, expect, it } from "vitest";
import type { SourceNode } from "../../../host/config/source/node.ts";
import { parseYaml } from "../../../host/config/source/yaml.ts";

/** A node as a plain value; a number as its own text in an object, so that it is told from a string. */
function plain(node: SourceNode): unknown {
  switch (node.kind) {
    case "map":
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
    case "list":
      return node.items.map(plain);
    case "string":
      return node.text;
    case "number":
      return { number: node.text };
    case "bool":
      return node.value;
    case "null":
      return null;
  }
}

function parse(text: string): unknown {
  const result = parseYaml(text);
  return result.ok ? plain(result.root) : result.issues.map(({ reason }) => reason);
}

describe("plain scalars are typed as yaml-cpp does", () => {
  it.each(["y", "Y", "yes", "Yes", "YES", "true", "True", "on", "ON"])("%s is true", (word) => {
    expect(parse(`a: ${word}`)).toEqual({ a: true });
  });

  it.each(["n", "N", "no", "No", "false", "FALSE", "off"])("%s is false", (word) => {
    expect(parse(`a: ${word}`)).toEqual({ a: false });
  });

  it.each(["yEs", "tRUE", "t", "oN"])("%s is a string", (word) => {
    expect(parse(`a: ${word}`)).toEqual({ a: word });
  });

  it.each([
    ["80", "80"],
    ["+80", "80"],
    ["-0", "0"],
    ["0x50", "80"],
    ["0120", "80"],
    ["-12", "-12"],
    ["2147483647", "2147483647"],
  ])("%s is the number %s", (text, number) => {
    expect(parse(`a: ${text}`)).toEqual({ a: { number } });
  });

  it.each(["1.5", "1e3", "08", "1_000", "0o17", "2021-01-01", "1:30", ".5", ".inf", "18446744073709551616"])(
    "%s is a string",
    (text) => expect(parse(`a: ${text}`)).toEqual({ a: text }),
  );

  it("keeps integers beyond 32 bits as strings, in decimal", () => {
    expect(parse("a: 2147483648")).toEqual({ a: "2147483648" });
    expect(parse("a: 0x100000000")).toEqual({ a: "4294967296" });
  });

  it.each(["", "~", "null", "Null", "NULL"])("`%s` is null", (text) => {
    expect(parse(`a: ${text}`)).toEqual({ a: null });
  });

  it("lets only quotes make a string", () => {
    expect(parse("{a: \"y\", b: '1', c: !!str y, d: !x z}")).toEqual({ a: "y", b: "1", c: true, d: "z" });
    expect(parse("a: |\n  1\n")).toEqual({ a: "1\n" });
  });
});

describe("documents", () => {
  it("reads the first one only", () => {
    expect(parse("a: b\n---\nc: [unclosed\n")).toEqual({ a: "b" });
  });

  it("lets the last of equal keys win", () => {
    expect(parse("a: b\na: c")).toEqual({ a: "c" });
  });

  it("follows aliases and leaves merge keys alone", () => {
    expect(parse("a: &x {b: c}\nd: *x\ne: {<<: *x}")).toEqual({
      a: { b: "c" },
      d: { b: "c" },
      e: { "<<": { b: "c" } },
    });
  });

  it("lets a quoted scalar go on at any indentation", () => {
    expect(parse('a:\n  b: "x\n  y\n  "\n')).toEqual({ a: { b: "x y " } });
  });

  it("lets flow collections go on at any indentation", () => {
    expect(parse("a: {\nb: [\n1\n],\n\tc: d\n}\ne: f\n")).toEqual({ a: { b: [{ number: "1" }], c: "d" }, e: "f" });
  });

  it("takes tabs that stand for no indentation", () => {
    expect(parse("\t\na:\tb\nc:\n  d: e\n      \t\n  f: g\t# h\n")).toEqual({ a: "b", c: { d: "e", f: "g" } });
  });

  it.each(["a:\n  b: c\n\t\n", "a:\n  b: c\n  \t# d\n  e: f\n", "a:\n  b: c\n \t\nd: e\n"])(
    "refuses a tab where more of a scalar is looked for: %j",
    (text) => expect(parse(text)).toEqual(["a tab where indentation is looked for"]),
  );

  it("wants a key and its colon on one line", () => {
    expect(parse("a: {b\n: c}")).toEqual(["a key and its colon must stand on one line"]);
  });

  it.each([
    ["", "the file is empty"],
    ["# only a comment\n", "the file is empty"],
    ["~", "the file is empty"],
    ["? [a, b]\n: 1\n", "a key must be a scalar"],
    ["a: *nobody", "unknown alias"],
    ["a:\n  b: c\n  : d\n", "a key is missing"],
    ["a: &x [*x]", "the alias *x stands inside what it names"],
    ["a:\n\tb: c\n", "Tabs"],
    [`a: ${"[".repeat(200)}${"]".repeat(200)}`, "nested deeper than 100 levels"],
  ])("refuses %j", (text, reason) => {
    const problems = parse(text) as string[];
    expect(problems.join("\n").toLowerCase()).toContain(reason.toLowerCase());
  });
});
