import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { mergeAdditions } from "../../scripts/descriptors/additions.ts";
import type { ApiModel } from "../../scripts/descriptors/model.ts";
import { normalizeRules } from "../../scripts/descriptors/rules.ts";
import { parseTextFormat } from "../../scripts/descriptors/text_format.ts";

describe("text format", () => {
  it.each([
    ["string { min_len: 1 strict: false }", { string: { min_len: 1, strict: false } }],
    ['repeated { items { string { in: "A" in: "B" } } }', { repeated: { items: { string: { in: ["A", "B"] } } } }],
    [
      "duration { gte { } lt { seconds: 5 nanos: 1000000 } }",
      { duration: { gte: {}, lt: { seconds: 5, nanos: 1000000 } } },
    ],
    [
      'string { pattern: "^[^\\\\x00]*$" well_known_regex: HTTP_HEADER_NAME }',
      { string: { pattern: "^[^\\x00]*$", well_known_regex: "HTTP_HEADER_NAME" } },
    ],
    ["", {}],
  ])("reads %s", (text, message) => {
    expect(parseTextFormat(text)).toEqual(message);
  });

  it.each(["string { min_len: 1", "min_len: 1 }", 'a: "b'])("refuses %s", (text) => {
    expect(() => parseTextFormat(text)).toThrow();
  });
});

describe("rules", () => {
  it("are the same from the text format and from protobuf JSON", () => {
    const wanted = {
      duration: { gte: 1.5, lt: 300_000 },
      repeated: { min_items: 1, items: { uint32: { in: [1, 2] } } },
    };
    const text =
      "duration { gte { nanos: 1500000 } lt { seconds: 300 } } repeated { min_items: 1 items { uint32 { in: 1 in: 2 } } }";
    expect(normalizeRules(parseTextFormat(text))).toEqual(wanted);
    const json = {
      duration: { gte: "0.0015s", lt: "300s" },
      repeated: { min_items: "1", items: { uint32: { in: [1, 2] } } },
    };
    expect(normalizeRules(json)).toEqual(wanted);
  });
});

describe("additions", () => {
  function model(): ApiModel {
    const old = { number: 1, name: "old", type: { kind: "scalar", code: "s" }, oneof: "pick" } as const;
    const flags = { repeated: false, presence: false, deprecated: false, disallowed: false, sensitive: false };
    return {
      messages: new Map([["a.M", { fields: [{ ...old, ...flags }], requiredOneofs: ["pick"] }]]),
      enums: new Map(),
    };
  }

  it("add messages, enums, fields and rules to what is there", () => {
    const api = model();
    const tsv = [
      "# a comment",
      "enum\ta.E",
      "value\ta.E\t0\tZERO",
      "message\ta.N",
      "field\ta.N\t1\tkind\ta.E\trules{enum { defined_only: true }}",
      "field\ta.N\t2\tby_name\tmap<string,a.M>",
      "field\ta.M\t2\tnew\trepeated a.N\toneof=pick!",
      "rule\ta.M\t1\told\tstring\trules{string { min_len: 2 }}",
      "deprecated\ta.M\t1\told\tstring\tdeprecated",
    ].join("\n");
    mergeAdditions(api, tsv);
    expect(api.messages.get("a.N")?.fields).toMatchObject([
      { name: "kind", type: { kind: "enum", name: "a.E" }, rules: { enum: { defined_only: true } } },
      { name: "by_name", mapKey: "s", type: { kind: "message", name: "a.M" } },
    ]);
    expect(api.messages.get("a.M")).toMatchObject({
      requiredOneofs: ["pick"],
      fields: [
        { name: "old", deprecated: true, rules: { string: { min_len: 2 } } },
        { name: "new", repeated: true, oneof: "pick" },
      ],
    });
  });

  it("take a oneof's being required away, and give a field another type", () => {
    const api = model();
    mergeAdditions(api, "optional\ta.M\t\tpick\ntype\ta.M\t1\told\tuint32");
    expect(api.messages.get("a.M")).toMatchObject({
      requiredOneofs: [],
      fields: [{ type: { kind: "scalar", code: "u" } }],
    });
  });

  it("refuse to change what is not there", () => {
    expect(() => mergeAdditions(model(), "rule\ta.M\t9\tnobody\tstring\trules{}")).toThrow("no field a.M.nobody");
    expect(() => mergeAdditions(model(), "nonsense\ta.M")).toThrow("unknown kind");
  });

  it("of 1.40 are all rows of a known form", () => {
    const rows = readFileSync("scripts/descriptors/envoy_1.40_additions.tsv", "utf8").trim().split("\n");
    const bad = rows.filter(
      (row) => !/^(?:#|(?:message|enum|value|field|rule|deprecated|type|optional)\t[\w.]+)/.test(row),
    );
    expect(bad).toEqual([]);
    expect(rows.length).toBeGreaterThan(2000);
  });
});
