/**
 * Reads the protobuf text format as far as validation rules use it: nested messages, repeated scalars by repetition,
 * numbers, booleans, enum names and quoted strings.
 */

export type TextValue = string | number | boolean | TextMessage;
export interface TextMessage {
  [name: string]: TextValue | TextValue[];
}

const TOKEN = /\s*(?:([{}:])|"((?:[^"\\]|\\.)*)"|([^\s{}:"]+))/y;

/** The message in `text`, without its outer braces. A name that occurs twice becomes a list. Throws on malformed text. */
export function parseTextFormat(text: string): TextMessage {
  let at = 0;

  function next(): { kind: "mark" | "quoted" | "word" | "end"; text: string } {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) {
      if (text.slice(at).trim() !== "") throw new Error(`malformed text format at ${at}: ${text}`);
      return { kind: "end", text: "" };
    }
    at = TOKEN.lastIndex;
    if (match[1] !== undefined) return { kind: "mark", text: match[1] };
    if (match[2] !== undefined) return { kind: "quoted", text: unescapeText(match[2]) };
    return { kind: "word", text: match[3] as string };
  }

  function message(inner: boolean): TextMessage {
    const result: TextMessage = {};
    for (;;) {
      const name = next();
      if (name.kind === "end" || (name.kind === "mark" && name.text === "}")) {
        if (inner !== (name.kind === "mark")) throw new Error(`unbalanced braces: ${text}`);
        return result;
      }
      let token = next();
      if (token.kind === "mark" && token.text === ":") token = next();
      const value = token.kind === "mark" ? message(true) : token.kind === "quoted" ? token.text : scalar(token.text);
      const before = result[name.text];
      if (before === undefined) result[name.text] = value;
      else if (Array.isArray(before)) before.push(value);
      else result[name.text] = [before, value];
    }
  }

  return message(false);
}

function scalar(word: string): TextValue {
  if (word === "true" || word === "false") return word === "true";
  const number = Number(word);
  return Number.isNaN(number) ? word : number;
}

function unescapeText(text: string): string {
  return text.replace(/\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)/g, (_, code: string) => {
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    if (/^x./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return ({ n: "\n", r: "\r", t: "\t" } as Record<string, string>)[code] ?? code;
  });
}
