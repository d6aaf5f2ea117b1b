// Sizes are what Envoy 1.40 says of each pattern (asked with `max_program_size: 1`).
import { RE2JS } from "re2js";
import { expect, it } from "vitest";
import { regexReason } from "../../../host/config/check/regex.ts";
import { programSize } from "../../../host/config/check/regex_size.ts";

it.each([
  ["a", 5],
  ["abc", 7],
  ["a*", 5],
  ["a+", 6],
  ["a|b", 5],
  ["ab|cd", 8],
  ["[^a]", 6],
  [".", 6],
  ["(?s).", 5],
  ["(a)", 7],
  ["^", 2],
  ["$", 4],
  ["^a$", 4],
  ["(?m)^a$", 7],
  ["a{2,4}", 10],
  ["(ab)*", 8],
  ["(a+)+", 9],
  ["\\w", 7],
  ["\\W", 9],
  ["\\pL", 11],
  ["[a-zA-Z0-9_-]+", 9],
  ["(?i)abc", 7],
  ["(?:abc|def|ghi)", 13],
  ["abc|axc|a", 10],
  ["x*y*z*", 9],
  ["é", 6],
  ["()", 6],
  ["foo(?:bar)?", 11],
  ["/foo/(\\d+)/bar", 17],
  ["^/api/v[0-9]+/.*$", 9],
  [".*foo.*", 11],
  ["a{1000}", 1004],
])("%s makes a program of %i instructions", (pattern, size) => {
  expect(programSize(RE2JS.compile(Buffer.from(pattern).toString("latin1")), pattern)).toBe(size);
});

it.each([
  ["a{97}", "more than Envoy's 100"],
  ["(?=a)", "no RE2 regex"],
  ["(a)\\1", "no RE2 regex"],
  ["a**", "no RE2 regex"],
  ["[z-a]", "no RE2 regex"],
  ["\\x{100}", "more than a byte"],
  ["\\C", "is not supported yet"],
])("refuses %s", (pattern, reason) => {
  expect(regexReason(pattern)).toContain(reason);
});

it.each(["a{96}", "\\x{ff}", "\\\\x{10}", "(?P<x>a)(?<y>b)", "\\Qa.b\\E", "[[:alpha:]]"])("takes %s", (pattern) => {
  expect(regexReason(pattern)).toBeUndefined();
});
