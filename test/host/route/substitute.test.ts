// RegexMatchAndSubstitute, as RE2::GlobalReplace.
import { describe, expect, it } from "vitest";
import { compileSubstitution } from "../../../host/route/regex/substitute.ts";

const replace = (regex: string, substitution: string, text: string) =>
  compileSubstitution({ pattern: { regex }, substitution })(text);

describe("substitution", () => {
  it.each([
    ["b", "x", "abcb", "axcx"],
    ["b*", "x", "abc", "xaxcx"],
    ["a(b)?", "[\\1]", "aba", "[b][]"],
    ["(a)(b)", "\\2\\1\\0\\\\", "ab", "baab\\"],
    ["^/a", "", "/a/a", "/a"],
    ["$", "!", "ab", "ab!"],
    ["", "-", "ab", "-a-b-"],
    ["none", "x", "ab", "ab"],
    ["a|ab", "x", "ab", "xb"],
  ])("%s by %s in %s", (regex, substitution, text, expected) => {
    expect(replace(regex, substitution, text)).toBe(expected);
  });

  it("keeps bytes that are no ASCII where they are", () => {
    expect(replace("b", "x", "\xc3\xa9b\xff")).toBe("\xc3\xa9x\xff");
    expect(replace("é", "e", "\xc3\xa9")).toBe("e");
  });

  it("is refused when it asks for what is not there", () => {
    expect(() => replace("a", "\\1", "")).toThrow("group 1");
    expect(() => replace("a", "\\x", "")).toThrow("backslash");
    expect(() => replace("(a", "", "")).toThrow();
  });
});
