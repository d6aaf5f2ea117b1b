/**
 * Words of the command line -> values by flag. Refuses like TCLAP, the parser that Envoy uses, word for word in the parts that
 * scripts look at; beyond it, `--flag=value` is taken as well.
 */

import { FLAGS, type Flag, type FlagName } from "./flags.ts";

/** Of each flag that was given: its values; a switch has one empty value. */
export type Given = ReadonlyMap<FlagName, readonly string[]>;

/** A command line that cannot be read. */
export class ParseError extends Error {
  override readonly name = "ParseError";
  /** The flag or word at fault, as it is shown. */
  readonly argument: string;

  constructor(argument: string, reason: string) {
    super(reason);
    this.argument = argument;
  }
}

const UINT32_MAX = 2 ** 32 - 1;

/** Throws ParseError. */
export function parseFlags(words: readonly string[]): Given {
  const given = new Map<FlagName, string[]>();
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    const [name, attached] = split(word);
    const flag: Flag | undefined = FLAGS.find((f) => word.startsWith("-") && matches(f, name));
    if (flag === undefined) throw new ParseError(word, "Couldn't find match for argument");
    const key = flag.name as FlagName;
    const values = given.get(key) ?? [];
    if (values.length > 0 && flag.kind !== "list") throw new ParseError(shown(flag), "Argument already set!");
    if (flag.kind === "switch") {
      if (attached !== undefined) throw new ParseError(word, "Couldn't find match for argument");
      values.push("");
    } else {
      const value = attached ?? words[++i];
      if (value === undefined) throw new ParseError(shown(flag), "Missing a value for this argument!");
      if (flag.kind === "number" && !isUint32(value)) {
        throw new ParseError(shown(flag), `Couldn't read argument value from string '${value}'`);
      }
      values.push(value);
    }
    given.set(key, values);
  }
  return given;
}

function split(word: string): [name: string, value: string | undefined] {
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function matches(flag: Flag, name: string): boolean {
  return name === `--${flag.name}` || (flag.short !== undefined && name === `-${flag.short}`);
}

function isUint32(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) <= UINT32_MAX;
}

/** As TCLAP names it: `-c (--config-path)`, `(--mode)`. */
function shown(flag: Flag): string {
  return flag.short === undefined ? `(--${flag.name})` : `-${flag.short} (--${flag.name})`;
}
