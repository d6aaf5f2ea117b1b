/**
 * The config door: text (or an object) in, a frozen bootstrap or all of its errors out. One call for the server, the library
 * and the validate mode.
 */
import { readFile } from "node:fs/promises";
import { checkRules } from "./check/check.ts";
import type { Knowledge } from "./check/rule.ts";
import { ConfigError, type ConfigIssue } from "./config_error.ts";
import { DecodeLimit, Decoder, type Message } from "./decode/decode.ts";
import { Issues, Places } from "./decode/places.ts";
import { freezeTree } from "./freeze.ts";
import { mergeMessages } from "./merge.ts";
import { checkSupport } from "./refuse_unsupported.ts";
import { findMessage, type MessageDesc } from "./schema.ts";
import { parseJson } from "./source/json.ts";
import type { ParseResult, Source, SourceNode } from "./source/node.ts";
import { parseValue } from "./source/value.ts";
import { parseYaml } from "./source/yaml.ts";
import type { Bootstrap } from "./types/bootstrap.ts";
import { validateMessage } from "./validate.ts";

/** Bytes that one config file may have. */
export const CONFIG_BYTES_MAX = 64 * 1024 * 1024;

const BOOTSTRAP = "envoy.config.bootstrap.v3.Bootstrap";

/** Where a bootstrap comes from. Of `text`, the ending of `fileName` tells the format, as in Envoy. */
export type BootstrapSource =
  | { readonly fileName: string; readonly text: string }
  | { readonly fileName: string; readonly value: object };

export type DecodeResult =
  | { readonly ok: true; readonly bootstrap: Bootstrap; readonly warnings: readonly ConfigIssue[] }
  | { readonly ok: false; readonly errors: readonly ConfigIssue[] };

/** Decodes and checks; later sources are merged over earlier ones, as `--config-yaml` is over `-c`. */
export function decodeBootstrap(sources: readonly BootstrapSource[], knowledge: Knowledge): DecodeResult {
  const places = new Places();
  const fallback: Source = { fileName: sources[0]?.fileName ?? "config", text: "" };
  const issues = new Issues(places, fallback);
  const warnings = new Issues(places, fallback);
  const desc = findMessage(BOOTSTRAP) as MessageDesc;
  let merged: Message | undefined;
  for (const input of sources) {
    const source: Source = { fileName: input.fileName, text: "text" in input ? input.text : "" };
    const root = parseSource(input, source, issues);
    if (root === undefined) continue;
    const decoded = decodeRoot(new Decoder(source, places, issues, warnings), root);
    if (decoded === undefined) continue;
    merged = merged === undefined ? decoded : mergeMessages(desc, merged, decoded, places);
  }
  if (merged === undefined) {
    if (issues.list.length === 0) issues.addAt(fallback, 0, "", "no config was given");
    return { ok: false, errors: issues.list };
  }
  const readable = issues.list.length === 0;
  validateMessage(desc, merged, "", places, issues);
  checkSupport(desc, merged, "", issues, warnings);
  const bootstrap = merged as Bootstrap;
  // Rules over the whole look at fields together: on a tree with holes they would say what is not so.
  if (readable && issues.list.length === 0) checkRules(desc, bootstrap, knowledge, issues);
  if (issues.list.length > 0) return { ok: false, errors: sorted(issues.list) };
  return { ok: true, bootstrap: freezeTree(bootstrap), warnings: warnings.list };
}

/** Reads `path` and merges `configYaml` over it; either may be absent. Throws a ConfigError with everything that is wrong. */
export async function loadBootstrap(
  options: { readonly path?: string | undefined; readonly configYaml?: string | undefined },
  knowledge: Knowledge,
): Promise<{ readonly bootstrap: Bootstrap; readonly warnings: readonly ConfigIssue[] }> {
  const sources: BootstrapSource[] = [];
  if (options.path !== undefined) sources.push({ fileName: options.path, text: await readConfigFile(options.path) });
  if (options.configYaml !== undefined) sources.push({ fileName: "config-yaml.yaml", text: options.configYaml });
  const result = decodeBootstrap(sources, knowledge);
  if (!result.ok) throw new ConfigError(result.errors);
  return result;
}

/** The text of a config file. Throws a ConfigError when it cannot be read or is not UTF-8. */
export async function readConfigFile(path: string): Promise<string> {
  const refuse = (reason: string): never => {
    throw new ConfigError([{ file: path, line: 1, column: 1, path: "(file)", reason }]);
  };
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return refuse(`cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
  if (bytes.length > CONFIG_BYTES_MAX) return refuse(`larger than ${CONFIG_BYTES_MAX} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refuse("not UTF-8");
  }
}

function decodeRoot(decoder: Decoder, root: SourceNode): Message | undefined {
  try {
    return decoder.message(BOOTSTRAP, root, "", 0) as Message | undefined;
  } catch (error) {
    if (error instanceof DecodeLimit) return undefined;
    throw error;
  }
}

function parseSource(input: BootstrapSource, source: Source, issues: Issues): SourceNode | undefined {
  const result = "value" in input ? parseValue(input.value) : parseText(input);
  if (result.ok) return result.root;
  for (const { at, reason } of result.issues) issues.addAt(source, at, "", reason);
  return undefined;
}

/** As Envoy: YAML by its two endings, protobuf by its own, anything else is JSON. */
function parseText({ fileName, text }: { readonly fileName: string; readonly text: string }): ParseResult {
  if (/\.ya?ml$/.test(fileName)) return parseYaml(text);
  if (/\.pb(?:_text)?$/.test(fileName)) {
    return { ok: false, issues: [{ at: 0, reason: "protobuf files are not supported yet; write YAML or JSON" }] };
  }
  return parseJson(text);
}

function sorted(issues: readonly ConfigIssue[]): ConfigIssue[] {
  return issues.toSorted(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}
