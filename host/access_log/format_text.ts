/**
 * The syntax of Envoy's format strings: text, `%%`, and `%COMMAND%`, `%COMMAND(argument)%`, `%COMMAND(argument):length%`.
 * What the commands mean is said in `operators/`.
 */

export type FormatPiece =
  | { readonly literal: string }
  | {
      readonly command: string;
      /** What stands between the parentheses; undefined without any. */
      readonly argument: string | undefined;
      readonly maxLength: number | undefined;
      /** Index of the first `%` in the format. */
      readonly position: number;
    };

/** A format string that cannot be understood; `position` is the index of the character where it goes wrong. */
export class FormatError extends Error {
  override readonly name = "FormatError";
  readonly position: number;

  constructor(position: number, reason: string) {
    super(`${reason} (at character ${position + 1} of the format)`);
    this.position = position;
  }
}

// The shortest argument that lets the rest match: `)` may stand in an argument that a later `)` ends.
const COMMAND = /%([A-Z0-9_]+)(?:\(([\s\S]*?)\))?(?::([0-9]+))?%/y;

/** Splits a format. Neighbouring literals are one. Throws FormatError. */
export function parseFormat(format: string): FormatPiece[] {
  const pieces: FormatPiece[] = [];
  let literal = "";
  let at = 0;
  while (at < format.length) {
    const percent = format.indexOf("%", at);
    if (percent < 0) break;
    literal += format.slice(at, percent);
    if (format[percent + 1] === "%") {
      literal += "%";
      at = percent + 2;
      continue;
    }
    COMMAND.lastIndex = percent;
    const found = COMMAND.exec(format);
    if (found === null) {
      throw new FormatError(
        percent,
        "incorrect configuration: expected a command operator after %, or %% for a percent sign",
      );
    }
    if (literal !== "") pieces.push({ literal });
    literal = "";
    const [whole, command = "", argument, length] = found;
    const maxLength = length === undefined ? undefined : Number(length);
    pieces.push({ command, argument, maxLength, position: percent });
    at = percent + whole.length;
  }
  literal += format.slice(at);
  if (literal !== "") pieces.push({ literal });
  return pieces;
}

/** The text of a format without commands; undefined when it has some. Throws FormatError. */
export function constantText(format: string): string | undefined {
  const pieces = parseFormat(format);
  const [only] = pieces;
  if (only === undefined) return "";
  return pieces.length === 1 && "literal" in only ? only.literal : undefined;
}
