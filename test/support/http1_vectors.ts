/** Reads the vectors of `test/vectors/http1`; its README says how they are written. */

import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../vectors/http1/", import.meta.url);

export interface VectorOptions {
  readonly side: "request" | "response";
  readonly settings?: object;
  /** Of the request that a response answers. */
  readonly method?: string;
  readonly upgrade?: string;
  readonly fin?: boolean;
  readonly tunnel?: boolean;
}

export interface Vector {
  readonly title: string;
  readonly options: VectorOptions;
  readonly bytes: Buffer;
  readonly log: readonly string[];
}

/** Names of the files. */
export function vectorFiles(): string[] {
  return readdirSync(FOLDER).filter((name) => name.endsWith(".md") && name !== "README.md");
}

export function readVectors(name: string): Vector[] {
  const text = readFileSync(new URL(name, FOLDER), "utf8");
  const [head = "", ...sections] = text.split(/^## /m);
  const common = optionsOf(head);
  if (common === null) throw new Error(`${name}: no options under its heading`);
  return sections.map((section) => {
    const title = section.slice(0, section.indexOf("\n"));
    const bytes = fence(section, "http");
    const log = fence(section, "log");
    if (bytes === null || log === null) throw new Error(`${name}: "${title}" lacks its bytes or its log`);
    return {
      title,
      options: optionsOf(section) ?? common,
      bytes: decode(bytes),
      log: log === "" ? [] : log.split("\n"),
    };
  });
}

function optionsOf(section: string): VectorOptions | null {
  const found = /^<!-- (.*) -->$/m.exec(section);
  return found === null ? null : (JSON.parse(found[1] as string) as VectorOptions);
}

function fence(section: string, language: string): string | null {
  const found = new RegExp(`^\`\`\`${language}\\n([^]*?)\`\`\`$`, "m").exec(section);
  return found === null ? null : (found[1] as string).replace(/\n$/, "");
}

function decode(text: string): Buffer {
  const decoded = text
    .replaceAll(/\\\n/g, "")
    .replaceAll("\n", "\r\n")
    .replaceAll(/\\\{(\d+)\*([^}]*)\}/g, (_, count: string, piece: string) => piece.repeat(Number(count)))
    .replaceAll(/\\(r|n|t|\\|x[0-9a-f]{2})/g, (_, what: string) => {
      if (what.startsWith("x")) return String.fromCharCode(Number.parseInt(what.slice(1), 16));
      return { r: "\r", n: "\n", t: "\t", "\\": "\\" }[what] as string;
    });
  return Buffer.from(decoded, "latin1");
}
