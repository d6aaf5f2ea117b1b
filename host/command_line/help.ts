/** What --help prints, and the short form that follows a mistake. */

import { FLAGS, type Flag } from "./flags.ts";

const WIDTH = 100;
const FLAG_INDENT = 3;
const TEXT_INDENT = 6;

/** Every flag with what it means. */
export function helpText(): string {
  const flags: readonly Flag[] = FLAGS;
  const sections = [
    "\nUSAGE: \n",
    usageLines(),
    "\n\nWhere: \n",
    ...flags.filter((flag) => !flag.isOurs).map(entry),
    "\nOnly here, not in Envoy: \n",
    ...flags.filter((flag) => flag.isOurs).map(entry),
    `${wrap("explain REQUEST_ID | PATH", FLAG_INDENT)}\n${wrap("as the first word: ask a running proxy why a request went where it went, or where one would go", TEXT_INDENT)}\n`,
    "\n   A proxy compatible with Envoy, with its data plane in WebAssembly.\n\n",
  ];
  return sections.join("\n");
}

/** What follows `PARSE ERROR`. */
export function briefUsage(): string {
  return `Brief USAGE: \n${usageLines()}\n\nFor complete USAGE and HELP type: \n   nuncio --help\n\n`;
}

function usageLines(): string {
  return wrap(`nuncio ${(FLAGS as readonly Flag[]).map((flag) => `[${syntax(flag)}]`).join(" ")}`, FLAG_INDENT);
}

function entry(flag: Flag): string {
  const names =
    flag.short === undefined ? syntax(flag) : `${syntax({ ...flag, name: flag.short }, "-")},  ${syntax(flag)}`;
  const times = flag.kind === "list" ? "  (accepted multiple times)" : "";
  const inert = flag.inert === undefined ? "" : ` [no effect: ${flag.inert}]`;
  return `${" ".repeat(FLAG_INDENT)}${names}${times}\n${wrap(flag.help + inert, TEXT_INDENT)}\n`;
}

function syntax(flag: Flag, dashes = "--"): string {
  const value = { switch: "", text: " <string>", number: " <uint32_t>", list: " <string>" }[flag.kind];
  return `${dashes}${flag.name}${value}`;
}

function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  // What stands in brackets without a space in it stays together.
  for (const word of text.split(/ (?![^[]*<)/)) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((text) => " ".repeat(indent) + text).join("\n");
}
