/** A config given as a plain object by a program (library mode) -> nodes. It has no text, so every node is at its start. */
import { NESTING_MAX, type ParseResult, type SourceNode, type SyntaxIssue } from "./node.ts";

/** Takes what JSON can say, bigints besides; anything else (functions, class instances, cycles) is refused. */
export function parseValue(value: unknown): ParseResult {
  const issues: SyntaxIssue[] = [];
  const root = convert(value, 0, issues);
  return issues.length > 0 ? { ok: false, issues } : { ok: true, root };
}

function convert(value: unknown, depth: number, issues: SyntaxIssue[]): SourceNode {
  const at = 0;
  if (depth > NESTING_MAX) {
    issues.push({ at, reason: `nested deeper than ${NESTING_MAX} levels, or within itself` });
    return { kind: "null", at };
  }
  switch (typeof value) {
    case "string":
      return { kind: "string", at, text: value };
    case "boolean":
      return { kind: "bool", at, value };
    case "number":
      return Number.isFinite(value)
        ? { kind: "number", at, text: String(value) }
        : { kind: "string", at, text: String(value) };
    case "bigint":
      return { kind: "number", at, text: String(value) };
    case "undefined":
      return { kind: "null", at };
    case "object":
      if (value === null) return { kind: "null", at };
      if (Array.isArray(value)) {
        return { kind: "list", at, items: value.map((item) => convert(item, depth + 1, issues)) };
      }
      if (isPlain(value)) {
        const entries = Object.entries(value).map(([key, item]) => ({
          key,
          at,
          value: convert(item, depth + 1, issues),
        }));
        return { kind: "map", at, entries };
      }
  }
  issues.push({ at, reason: `a ${typeof value} is no config value` });
  return { kind: "null", at };
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === null || prototype === Object.prototype;
}
