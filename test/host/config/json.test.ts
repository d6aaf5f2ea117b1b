import { expect, it } from "vitest";
import { parseJson } from "../../../host/config/source/json.ts";

function keysOf(text: string): string[] | string {
  const result = parseJson(text);
  if (!result.ok) return result.issues[0]?.reason ?? "";
  return result.root.kind === "map" ? result.root.entries.map(({ key }) => key) : [];
}

it.each([
  ['{"a":"1s"}', ["a"]],
  ["{'a':'1s'}", ["a"]],
  ["{a:'1s'}", ["a"]],
  ['{"a":[1,2,],}', ["a"]],
  ['\uFEFF{"\\u00e9\\n":1}', ["é\n"]],
  ["{}", []],
  ['{"a\nb":"c\u0001"}', ["a\nb"]],
  ['{"a":1,"a":2}', ["a", "a"]],
])("reads %s", (text, keys) => {
  expect(keysOf(text)).toEqual(keys);
});

it.each([
  ["", "the file is empty"],
  ["[]", "expected an object"],
  ["a: 1s", "expected an object"],
  ["{} x", "text after the end"],
  ['{/* c */ "a":1}', "expected a key"],
  ['{ // c\n "a":1}', "expected a key"],
  ['{"a":"\\ud800"}', "half of a surrogate pair"],
  ['{"a":"\\x"}', "an unknown escape"],
  ['{"a":"b', "a string without an end"],
  ['{"a":nope}', "expected a value"],
  ['{"a" 1}', "expected `:`"],
  ['{"a":1 "b":2}', "expected `,`"],
  ['{"a":[1 2]}', "expected `,`"],
  ['{"a":1', "expected `,`"],
  [`{"a":${"[".repeat(200)}${"]".repeat(200)}}`, "nested deeper"],
])("refuses %s", (text, reason) => {
  expect(keysOf(text)).toContain(reason);
});
