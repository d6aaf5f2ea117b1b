import { describe, expect, it } from "vitest";
import { FLAGS } from "../../../host/command_line/flags.ts";
import { helpText } from "../../../host/command_line/help.ts";
import { ParseError, parseFlags } from "../../../host/command_line/parse.ts";

function refusal(...words: string[]): [argument: string, reason: string] {
  try {
    parseFlags(words);
  } catch (error) {
    if (error instanceof ParseError) return [error.argument, error.message];
    throw error;
  }
  throw new Error(`${words.join(" ")} was taken`);
}

describe("parseFlags", () => {
  it("reads values behind the flag, behind `=`, and behind the short name", () => {
    const given = parseFlags(["-c", "a.yaml", "--concurrency=2", "--log-level", "debug", "--cpuset-threads"]);
    expect(Object.fromEntries(given)).toEqual({
      "config-path": ["a.yaml"],
      concurrency: ["2"],
      "log-level": ["debug"],
      "cpuset-threads": [""],
    });
  });

  it("keeps a value that looks like a flag or holds `=`", () => {
    const given = parseFlags(["--config-yaml", "--x: {a=b}", "--log-format=%v=%l"]);
    expect(given.get("config-yaml")).toEqual(["--x: {a=b}"]);
    expect(given.get("log-format")).toEqual(["%v=%l"]);
  });

  it("collects what may be given several times", () => {
    expect(parseFlags(["--stats-tag", "a:b", "--stats-tag", "c:d"]).get("stats-tag")).toEqual(["a:b", "c:d"]);
  });

  // Recorded from Envoy 1.40.
  it.each([
    { words: ["--foo"], argument: "--foo", reason: "Couldn't find match for argument" },
    { words: ["zzz"], argument: "zzz", reason: "Couldn't find match for argument" },
    { words: ["-lfoo"], argument: "-lfoo", reason: "Couldn't find match for argument" },
    {
      words: ["--concurrency", "x"],
      argument: "(--concurrency)",
      reason: "Couldn't read argument value from string 'x'",
    },
    {
      words: ["--drain-time-s", "99999999999"],
      argument: "(--drain-time-s)",
      reason: "Couldn't read argument value from string '99999999999'",
    },
    { words: ["--concurrency"], argument: "(--concurrency)", reason: "Missing a value for this argument!" },
    { words: ["-c", "a", "-c", "b"], argument: "-c (--config-path)", reason: "Argument already set!" },
    { words: ["--cpuset-threads=1"], argument: "--cpuset-threads=1", reason: "Couldn't find match for argument" },
  ])("refuses $words", ({ words, argument, reason }) => {
    expect(refusal(...words)).toEqual([argument, reason]);
  });
});

describe("helpText", () => {
  it("has every flag, and says of each that does nothing why", () => {
    const text = helpText().replaceAll(/\s+/g, " ");
    for (const flag of FLAGS) {
      expect(text).toContain(`--${flag.name}`);
      if ("inert" in flag) expect(text).toContain(`${flag.help} [no effect: ${flag.inert}]`);
    }
  });
});
