/**
 * YAML text -> nodes, with the typing of the library that Envoy uses (yaml-cpp, YAML 1.1's booleans, C's integers) laid over
 * npm's `yaml`, which is asked for syntax only. Plain scalars become booleans, null or integers of 32 bits; everything else is a
 * string, and numbers with a fraction or beyond 32 bits stay strings that a number field will read.
 */
import { Composer, type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from "yaml";
import { type MapEntry, NESTING_MAX, type ParseResult, type SourceNode, type SyntaxIssue } from "./node.ts";
import { tabInIndentation, yamlCppParser } from "./yaml_cpp.ts";

const BOOLEAN = /^(?:(y|yes|true|on)|n|no|false|off)$/i;
/** Lower case, upper case, or a capital first: `yEs` is a string. */
const ONE_CASE = /^(?:[a-z]+|[A-Z]+|[A-Z][a-z]+)$/;
const NULL = /^(?:~|null|Null|NULL|)$/;
const INTEGER = /^([+-]?)(?:(0[xX])([0-9a-fA-F]+)|(0)([0-7]+)|([0-9]+))$/;
/** What npm's parser takes in flow collections and yaml-cpp does not. */
const COLON_BELOW = /^[ \t\r]*\n\s*:/;
/** Characters behind a key that are looked at: a line break further away stands for itself. */
const COLON_LOOK_AHEAD = 200;
const INT32_MIN = -(2n ** 31n);
const INT32_MAX = 2n ** 31n - 1n;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Parses the first document of `text`. */
export function parseYaml(text: string): ParseResult {
  const document = firstDocument(text);
  if (document === undefined) return failure(0, "the file is empty");
  if (document.errors.length > 0) {
    const issues = document.errors.map((error) => ({ at: error.pos[0], reason: firstLine(error.message) }));
    return { ok: false, issues };
  }
  const converter = new Converter(text);
  const root = converter.node(document.contents as Node | null, 0, 0);
  if (converter.issues.length > 0) return { ok: false, issues: converter.issues };
  if (root.kind === "null") return failure(0, "the file is empty");
  return { ok: true, root };
}

function firstDocument(text: string): Document.Parsed | undefined {
  const composer = new Composer({
    schema: "failsafe",
    merge: false,
    uniqueKeys: false,
    strict: false,
    logLevel: "silent",
    prettyErrors: false,
  });
  for (const document of composer.compose(yamlCppParser().parse(text), false, text.length))
    return document as Document.Parsed;
  return undefined;
}

function failure(at: number, reason: string): ParseResult {
  return { ok: false, issues: [{ at, reason }] };
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0] as string;
}

class Converter {
  readonly issues: SyntaxIssue[] = [];
  readonly #text: string;
  /** Column of the block collection that is being read; undefined in flow collections, where indentation means nothing. */
  #indent: number | undefined = 0;
  /** Anchored nodes by name; null while the anchored node is still being read. */
  readonly #anchors = new Map<string, SourceNode | null>();

  constructor(text: string) {
    this.#text = text;
  }

  node(node: Node | null, at: number, depth: number): SourceNode {
    const start = node?.range?.[0] ?? at;
    if (depth > NESTING_MAX) return this.#refuse(start, `nested deeper than ${NESTING_MAX} levels`);
    if (node === null) return { kind: "null", at: start };
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) return this.#refuse(start, `unknown alias *${node.source}`);
      if (target === null) return this.#refuse(start, `the alias *${node.source} stands inside what it names`);
      return target;
    }
    const anchor = (node as { anchor?: string }).anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, null);
    const result = this.#content(node, start, depth);
    if (anchor !== undefined) this.#anchors.set(anchor, result);
    return result;
  }

  #content(node: Node, at: number, depth: number): SourceNode {
    if (isScalar(node)) return this.#scalar(node, at);
    const outside = this.#indent;
    const isFlow = (node as { flow?: boolean }).flow === true;
    this.#indent = isFlow || outside === undefined ? undefined : at - (this.#text.lastIndexOf("\n", at - 1) + 1);
    const result = this.#collection(node, at, depth);
    this.#indent = outside;
    return result;
  }

  #scalar(node: Scalar, at: number): SourceNode {
    const isQuoted = node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE";
    if (!isQuoted && this.#indent !== undefined && node.range) {
      const tab = tabInIndentation(this.#text, node.range[1], this.#indent);
      if (tab !== undefined) return this.#refuse(tab, "a tab where indentation is looked for");
    }
    return scalarNode(node, at);
  }

  #collection(node: Node, at: number, depth: number): SourceNode {
    if (isSeq(node))
      return { kind: "list", at, items: node.items.map((item) => this.node(item as Node, at, depth + 1)) };
    if (!isMap(node)) return this.#refuse(at, "not a mapping, list or scalar");
    // Of two equal keys the last wins.
    const entries = new Map<string, MapEntry>();
    for (const pair of node.items) {
      const key = this.node(pair.key as Node | null, at, depth + 1);
      if (key.kind === "map" || key.kind === "list") {
        this.#refuse(key.at, "a key must be a scalar");
        continue;
      }
      const keyEnd = (pair.key as Node | null)?.range?.[1];
      if (keyEnd !== undefined && COLON_BELOW.test(this.#text.slice(keyEnd, keyEnd + COLON_LOOK_AHEAD))) {
        this.#refuse(key.at, "a key and its colon must stand on one line");
      }
      const name = keyText(pair.key as Node | null, key);
      if (name === "" && key.kind === "null" && this.#indent !== undefined) this.#refuse(key.at, "a key is missing");
      entries.set(name, { key: name, at: key.at, value: this.node(pair.value as Node | null, key.at, depth + 1) });
    }
    return { kind: "map", at, entries: [...entries.values()] };
  }

  #refuse(at: number, reason: string): SourceNode {
    this.issues.push({ at, reason });
    return { kind: "null", at };
  }
}

/** A key is its own spelling, whatever type its value would have. */
function keyText(key: Node | null, node: SourceNode): string {
  if (key !== null && isScalar(key)) return String(key.value ?? "");
  return node.kind === "string" || node.kind === "number" ? node.text : "";
}

function scalarNode(scalar: Scalar, at: number): SourceNode {
  const text = String(scalar.value ?? "");
  if (scalar.type !== undefined && scalar.type !== "PLAIN") return { kind: "string", at, text };
  if (NULL.test(text)) return { kind: "null", at };
  const boolean = BOOLEAN.exec(text);
  if (boolean !== null && ONE_CASE.test(text)) return { kind: "bool", at, value: boolean[1] !== undefined };
  const integer = INTEGER.exec(text);
  if (integer !== null) return integerNode(integer, text, at);
  return { kind: "string", at, text };
}

function integerNode(match: RegExpExecArray, text: string, at: number): SourceNode {
  const [, sign, hex, hexDigits, octal, octalDigits, digits] = match;
  if (hex === undefined && octal === undefined && (digits as string).length > 1 && (digits as string).startsWith("0")) {
    return { kind: "string", at, text }; // 08: neither octal nor decimal
  }
  const magnitude = BigInt(
    hex !== undefined ? `0x${hexDigits}` : octal !== undefined ? `0o${octalDigits}` : (digits as string),
  );
  const value = sign === "-" ? -magnitude : magnitude;
  if (value < INT64_MIN || value > INT64_MAX) return { kind: "string", at, text };
  return { kind: value >= INT32_MIN && value <= INT32_MAX ? "number" : "string", at, text: String(value) };
}
