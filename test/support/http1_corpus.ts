/**
 * Raw HTTP/1 cases that others collected, and what Envoy did with each (files beside the repository; absent in a bare clone). Read as
 * `replay_h1.py`, which is kept beside them, reads them.
 */

import { existsSync, readFileSync } from "node:fs";

const FOLDER = new URL("../../../shared/corpus/", import.meta.url);

export interface RawCase {
  readonly id: string;
  readonly kind: "request" | "response";
  readonly bytes: Buffer;
}

export interface Seen {
  /** `METHOD target HTTP/1.1`, as the upstream saw it. */
  readonly req: string;
  readonly headers: readonly string[];
  readonly body: string;
  readonly complete?: boolean;
}

export interface Golden {
  readonly statuses: readonly number[];
  readonly closed: boolean;
  readonly details: readonly string[];
  readonly upstream: readonly Seen[];
  /** Content that the client got of a response that the upstream played. */
  readonly body?: string;
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly b64: string;
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  readonly type: string;
}

/** Null, said aloud, where a file is not there. */
export function readCorpus(): { cases: RawCase[]; golden: Map<string, Golden> } | null {
  const names = ["smuggling.jsonl", "llhttp.jsonl", "fuzz/http1_connection.jsonl", "h1_rules.jsonl", "envoy_h1.jsonl"];
  const missing = names.filter((name) => !existsSync(new URL(name, FOLDER)));
  if (missing.length > 0) {
    console.warn(`SKIPPED: raw HTTP/1 cases, absent: ${missing.map((name) => `shared/corpus/${name}`).join(", ")}`);
    return null;
  }
  const cases = [
    ...rows<Row>("smuggling.jsonl").map((row) => request(row.id, decode(row))),
    ...rows<Row>("llhttp.jsonl").flatMap(llhttpCases),
    ...rows<Row>("fuzz/http1_connection.jsonl").map((row) => request(`fuzz:${row.name}`, decode(row))),
    ...rows<Row>("h1_rules.jsonl").map((row) => request(row.id, decode(row))),
  ];
  const golden = new Map(rows<{ id: string; envoy: Golden }>("envoy_h1.jsonl").map(({ id, envoy }) => [id, envoy]));
  return { cases, golden };
}

function llhttpCases(row: Row): RawCase[] {
  const bytes = decode(row);
  const id = `llhttp:${row.file}:${row.line}`;
  if (row.kind === "url") {
    return [request(id, Buffer.concat([Buffer.from("GET "), bytes, Buffer.from(" HTTP/1.1\r\nHost: h\r\n\r\n")]))];
  }
  if (row.type.startsWith("response")) return [{ id, kind: "response", bytes }];
  const text = bytes.toString("latin1");
  if (/[\r\n]host *:/i.test(text)) return [request(id, bytes)];
  const hosted = text.replaceAll(/^(\S+ [^\r\n]+ [A-Z]+\/\d\.\d\r\n)/gm, "$1Host: h\r\n");
  return hosted === text
    ? [request(id, bytes)]
    : [request(id, bytes), request(`${id}+host`, Buffer.from(hosted, "latin1"))];
}

function request(id: string, bytes: Buffer): RawCase {
  return { id, kind: "request", bytes };
}

function decode(row: Row): Buffer {
  return Buffer.from(row.b64, "base64");
}

function rows<T>(name: string): T[] {
  const lines = readFileSync(new URL(name, FOLDER), "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as T);
}
