/**
 * JSON text -> nodes, as lenient as Envoy's reader: single quotes, bare keys, trailing commas and
 * control characters in strings are taken, comments are not.
 * The top must be an object.
 */
import { type MapEntry, NESTING_MAX, type ParseResult, type SourceNode } from "./node.ts";

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /[A-Za-z_$][A-Za-z0-9_$]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

class JsonSyntaxError extends Error {
  readonly at: number;

  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
  }
}

/** Parses the one object in `text`. */
export function parseJson(text: string): ParseResult {
  try {
    return { ok: true, root: new JsonReader(text).document() };
  } catch (error) {
    if (error instanceof JsonSyntaxError) return { ok: false, issues: [{ at: error.at, reason: error.message }] };
    throw error;
  }
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.startsWith("\uFEFF")) this.#at = 1;
  }

  document(): SourceNode {
    this.#space();
    if (this.#at >= this.#text.length) this.#fail("the file is empty");
    if (this.#peek() !== "{") this.#fail("expected an object, `{`");
    const root = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) this.#fail("text after the end of the object");
    return root;
  }

  #value(depth: number): SourceNode {
    if (depth > NESTING_MAX) this.#fail(`nested deeper than ${NESTING_MAX} levels`);
    this.#space();
    const at = this.#at;
    const character = this.#peek();
    if (character === "{") return { kind: "map", at, entries: this.#entries(depth) };
    if (character === "[") return { kind: "list", at, items: this.#items(depth) };
    if (character === '"' || character === "'") return { kind: "string", at, text: this.#string() };
    const number = this.#match(NUMBER);
    if (number !== undefined) return { kind: "number", at, text: number };
    const word = this.#match(WORD);
    if (word === "true" || word === "false") return { kind: "bool", at, value: word === "true" };
    if (word === "null") return { kind: "null", at };
    this.#at = at;
    return this.#fail("expected a value");
  }

  #entries(depth: number): MapEntry[] {
    const entries: MapEntry[] = [];
    this.#at++;
    for (;;) {
      this.#space();
      if (this.#take("}")) return entries;
      const at = this.#at;
      const quoted = this.#peek() === '"' || this.#peek() === "'";
      const key = quoted ? this.#string() : (this.#match(WORD) ?? this.#fail("expected a key"));
      this.#space();
      if (!this.#take(":")) this.#fail("expected `:`");
      entries.push({ key, at, value: this.#value(depth + 1) });
      this.#space();
      if (this.#take(",")) continue;
      if (this.#take("}")) return entries;
      this.#fail("expected `,` or `}`");
    }
  }

  #items(depth: number): SourceNode[] {
    const items: SourceNode[] = [];
    this.#at++;
    for (;;) {
      this.#space();
      if (this.#take("]")) return items;
      items.push(this.#value(depth + 1));
      this.#space();
      if (this.#take(",")) continue;
      if (this.#take("]")) return items;
      this.#fail("expected `,` or `]`");
    }
  }

  #string(): string {
    const start = this.#at;
    const mark = this.#text[start];
    let result = "";
    for (let at = start + 1; at < this.#text.length; at++) {
      const character = this.#text[at] as string;
      if (character === mark) {
        this.#at = at + 1;
        if (!result.isWellFormed()) this.#failAt(start, "half of a surrogate pair in a string");
        return result;
      }
      if (character !== "\\") {
        result += character;
        continue;
      }
      at++;
      const code = this.#text[at] ?? "";
      const hex = code === "u" ? /^[0-9a-fA-F]{4}/.exec(this.#text.slice(at + 1, at + 5)) : null;
      if (hex !== null) {
        result += String.fromCharCode(Number.parseInt(hex[0], 16));
        at += 4;
      } else {
        result += ESCAPES[code] ?? this.#failAt(at, "an unknown escape in a string");
      }
    }
    return this.#failAt(start, "a string without an end");
  }

  #space(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #fail(reason: string): never {
    return this.#failAt(this.#at, reason);
  }

  #failAt(at: number, reason: string): never {
    throw new JsonSyntaxError(at, reason);
  }
}
