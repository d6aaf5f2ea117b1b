import { domainHash } from "../../route/domains";
import { endOfPath } from "../../route/path";
import {
  TEXT_CONTAINS,
  TEXT_EXACT,
  TEXT_IGNORE_CASE,
  TEXT_KIND,
  TEXT_LENGTH,
  TEXT_MATCHER_BYTES,
  TEXT_OFFSET,
  TEXT_PREFIX,
  TEXT_SUFFIX,
} from "../../route/program";
import { textMatches } from "../../route/text";

// A program of one text matcher and the text behind it; the tried text lies apart, with room behind it for vectors.
const PROGRAM: usize = heap.alloc(256);
const TRIED: usize = heap.alloc(256);

function put(at: usize, text: string): u32 {
  return <u32>String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, at);
}

function matches(kind: u32, want: string, tried: string): bool {
  store<u32>(PROGRAM + TEXT_KIND, kind);
  store<u32>(PROGRAM + TEXT_OFFSET, TEXT_MATCHER_BYTES);
  store<u32>(PROGRAM + TEXT_LENGTH, put(PROGRAM + TEXT_MATCHER_BYTES, want));
  return textMatches(<u32>PROGRAM, <u32>PROGRAM, TRIED, put(TRIED, tried));
}

function end(path: string, ignoreParameters: bool): u32 {
  return endOfPath(TRIED, put(TRIED, path), ignoreParameters);
}

function hash(text: string): u32 {
  return domainHash(TRIED, put(TRIED, text));
}

describe("a text matcher", () => {
  it("compares exactly", () => {
    expect(matches(TEXT_EXACT, "abcdefghij", "abcdefghij")).toBe(true);
    expect(matches(TEXT_EXACT, "abcdefghij", "abcdefghiJ")).toBe(false);
    expect(matches(TEXT_EXACT, "abc", "abcd")).toBe(false);
    expect(matches(TEXT_EXACT, "", "")).toBe(true);
  });

  it("looks at either end", () => {
    expect(matches(TEXT_PREFIX, "ab", "abc")).toBe(true);
    expect(matches(TEXT_PREFIX, "abc", "ab")).toBe(false);
    expect(matches(TEXT_SUFFIX, "bc", "abc")).toBe(true);
    expect(matches(TEXT_SUFFIX, "ab", "abc")).toBe(false);
  });

  it("looks inside", () => {
    expect(matches(TEXT_CONTAINS, "aab", "aaab")).toBe(true);
    expect(matches(TEXT_CONTAINS, "ab", "a")).toBe(false);
    expect(matches(TEXT_CONTAINS, "", "")).toBe(true);
  });

  it("folds ASCII letters alone when case is ignored", () => {
    expect(matches(TEXT_EXACT | TEXT_IGNORE_CASE, "abc-xyz@[", "ABC-XYZ@[")).toBe(true);
    expect(matches(TEXT_EXACT | TEXT_IGNORE_CASE, "`", "@")).toBe(false);
    expect(matches(TEXT_CONTAINS | TEXT_IGNORE_CASE, "bc", "xBCx")).toBe(true);
  });
});

describe("the end of a path", () => {
  it("is the query, the fragment, or the end", () => {
    expect(end("/a?b#c", false)).toBe(2);
    expect(end("/a#b?c", false)).toBe(2);
    expect(end("/0123456789012345678?", false)).toBe(20);
    expect(end("/a;b", false)).toBe(4);
    expect(end("", false)).toBe(0);
  });

  it("is the first parameter where those are ignored", () => {
    expect(end("/a;b?c", true)).toBe(2);
  });
});

describe("the hash of a domain", () => {
  it("tells texts of all lengths apart, and their ends", () => {
    expect(hash("a")).not.toBe(hash("b"));
    expect(hash("aa")).not.toBe(hash("a"));
    expect(hash("abcdefgh")).not.toBe(hash("abcdefgi"));
    expect(hash("abcdefgh.example")).not.toBe(hash("abcdefgx.example"));
    expect(hash("same.example")).toBe(hash("same.example"));
  });
});
