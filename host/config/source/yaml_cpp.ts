/**
 * Where yaml-cpp and npm's `yaml` disagree about what is YAML: the first takes text inside of quotes and of flow collections at
 * any indentation, and refuses tabs in front of what might go on with a scalar. Both matter to files that exist.
 */
import { Lexer, Parser } from "yaml";

/** npm's parser over a lexer that does not mind the indentation of quoted scalars and flow collections. */
export function yamlCppParser(): Parser {
  const lexer = new Lexer();
  const continueScalar = lexer["continueScalar"].bind(lexer);
  lexer["continueScalar"] = (offset: number) => {
    const first = lexer["buffer"][lexer["pos"]];
    const isFree = first === '"' || first === "'" || lexer["flowLevel"] > 0;
    return withoutIndent(lexer, isFree, () => continueScalar(offset));
  };
  const parseFlowCollection = lexer["parseFlowCollection"].bind(lexer);
  lexer["parseFlowCollection"] = function* () {
    const indent = lexer["indentNext"];
    lexer["indentNext"] = 0;
    const next = yield* parseFlowCollection();
    lexer["indentNext"] = indent;
    return next;
  };
  const parser = new Parser();
  parser["lexer"] = lexer;
  return parser;
}

function withoutIndent<T>(lexer: Lexer, isFree: boolean, call: () => T): T {
  if (!isFree) return call();
  const indent = lexer["indentNext"];
  lexer["indentNext"] = 0;
  const result = call();
  lexer["indentNext"] = indent;
  return result;
}

/**
 * The offset of a tab that yaml-cpp refuses behind a plain or block scalar of a block collection: it looks for more of the scalar
 * in the lines that follow, at a column beyond the collection's, and takes a tab before that column for a mistake.
 *
 * `end` is the offset behind the scalar, `indent` the column of the collection.
 */
export function tabInIndentation(text: string, end: number, indent: number): number | undefined {
  const isAtLineStart = text[end - 1] === "\n";
  let line = isAtLineStart ? end : lineAfterBlank(text, end);
  while (line !== undefined && line < text.length) {
    let at = line;
    while (text[at] === " ") at++;
    if (text[at] === "\t" && at - line <= indent) return at;
    line = lineAfterBlank(text, at);
  }
  return undefined;
}

/** The start of the next line, if only blanks come before it. */
function lineAfterBlank(text: string, from: number): number | undefined {
  let at = from;
  while (text[at] === " " || text[at] === "\t" || text[at] === "\r") at++;
  return text[at] === "\n" ? at + 1 : undefined;
}
