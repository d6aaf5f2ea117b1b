/**
 * A parsed config text before anything is known of its meaning: JSON's six kinds, each with its place. YAML, JSON and
 * plain objects all become this, so that one decoder reads them.
 */

/** A text that nodes point into. */
export interface Source {
  readonly fileName: string;
  readonly text: string;
}

export type SourceNode =
  | { readonly kind: "map"; readonly at: number; readonly entries: readonly MapEntry[] }
  | { readonly kind: "list"; readonly at: number; readonly items: readonly SourceNode[] }
  | { readonly kind: "string"; readonly at: number; readonly text: string }
  /** The number's own spelling, because 64 bits do not fit a double. */
  | { readonly kind: "number"; readonly at: number; readonly text: string }
  | { readonly kind: "bool"; readonly at: number; readonly value: boolean }
  | { readonly kind: "null"; readonly at: number };

export interface MapEntry {
  readonly key: string;
  /** Offset of the key. */
  readonly at: number;
  readonly value: SourceNode;
}

/** A text that is not YAML or not JSON at all. */
export interface SyntaxIssue {
  readonly at: number;
  readonly reason: string;
}

export type ParseResult =
  | { readonly ok: true; readonly root: SourceNode }
  | { readonly ok: false; readonly issues: readonly SyntaxIssue[] };

/** Nesting beyond this is refused; protobuf's JSON reader stops there too. */
export const NESTING_MAX = 100;

/** Line and column (both from 1) of an offset. */
export function lineAndColumn(text: string, at: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let next = text.indexOf("\n"); next >= 0 && next < at; next = text.indexOf("\n", start)) {
    line++;
    start = next + 1;
  }
  return { line, column: at - start + 1 };
}

/** The kind of a node in an operator's words. */
export function describeNode(node: SourceNode): string {
  switch (node.kind) {
    case "map":
      return "an object";
    case "list":
      return "a list";
    case "string":
      return `the string ${quote(node.text)}`;
    case "number":
      return `the number ${node.text}`;
    case "bool":
      return `the boolean ${node.value}`;
    case "null":
      return "null";
  }
}

/** A value quoted for a message, cut when it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
