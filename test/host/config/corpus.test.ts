// Envoy 1.40's verdicts on real configs and on quirks of syntax.
import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { problemsOf } from "../../support/config_door.ts";

const CORPUS = "../shared/corpus";
const VERDICTS = join(CORPUS, "envoy_verdicts.jsonl");

interface Row {
  readonly id: string;
  readonly verdict: string;
  readonly text?: string;
  readonly suffix?: string;
  readonly host_files?: readonly string[];
}

const isThere = existsSync(VERDICTS);
if (!isThere) console.log(`skipped: no ${VERDICTS}, so configs are not compared with Envoy's verdicts`);
const rows = isThere
  ? readFileSync(VERDICTS, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Row)
  : [];

/** The rows that are a file as it stands. Verdicts that hang on files of the recording machine say nothing here. */
const usable = rows.filter(({ id, verdict, text, host_files }) => {
  return verdict !== "skip" && host_files === undefined && (text !== undefined || /^configs(?:_v2)?\//.test(id));
});

const judged = new Map<string, string[]>();

/** What we say of a row; asked once. */
function problems(row: Row): string[] {
  const known = judged.get(row.id) ?? judge(row);
  judged.set(row.id, known);
  return known;
}

function judge(row: Row): string[] {
  try {
    const text = row.text ?? new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(join(CORPUS, row.id)));
    return problemsOf(text, `x${row.suffix ?? (row.text === undefined ? extname(row.id) : ".yaml")}`);
  } catch (error) {
    if (error instanceof TypeError) return ["1:1: (file): not UTF-8"];
    throw error;
  }
}

describe.skipIf(!isThere)("the corpus", () => {
  it("accepts nothing that Envoy refuses", () => {
    const refused = usable.filter(({ verdict }) => verdict === "refuse");
    expect(refused.length).toBeGreaterThan(300);
    expect(refused.filter((row) => problems(row).length === 0).map(({ id }) => id)).toEqual([]);
  });

  it("refuses what Envoy accepts only with a place and `not supported yet`", () => {
    const accepted = usable.filter(({ verdict }) => verdict === "accept");
    const wrong = accepted.filter((row) => {
      const lines = problems(row);
      return lines.length > 0 && !lines.some((line) => /^\d+:\d+: \S.*: .*not supported yet/.test(line));
    });
    expect(accepted.length).toBeGreaterThan(300);
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  it("accepts at least a quarter of what Envoy accepts", () => {
    const accepted = usable.filter(({ verdict }) => verdict === "accept");
    const ours = accepted.filter((row) => problems(row).length === 0);
    expect(ours.length / accepted.length).toBeGreaterThan(0.25);
  });
});
