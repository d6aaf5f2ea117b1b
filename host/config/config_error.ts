/** What an operator sees when a config is refused: every problem of the file, each with its place, path and reason. */

export interface ConfigIssue {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** Path of the field from the top, e.g. `static_resources.clusters[0].name`; `(file)` for the file as a whole. */
  readonly path: string;
  readonly reason: string;
  /** The nearest name that would have been right. */
  readonly suggestion?: string;
}

/** A config that cannot be used. `message` has one line per issue: `FILE:LINE:COLUMN: PATH: reason`. */
export class ConfigError extends Error {
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    super(issues.map(formatIssue).join("\n"));
    this.name = "ConfigError";
    this.issues = issues;
  }
}

/** One issue as one line. */
export function formatIssue(issue: ConfigIssue): string {
  const hint = issue.suggestion === undefined ? "" : ` (did you mean ${issue.suggestion}?)`;
  const line = `${issue.file}:${issue.line}:${issue.column}: ${issue.path}: ${issue.reason}${hint}`;
  // One line for whoever splits at lines, Unicode's own line ends included.
  return line
    .replace(/\s*[\r\n]+\s*/g, " ")
    .replace(/[\p{Cc}\u2028\u2029]/gu, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
