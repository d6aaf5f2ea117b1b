/** Envoy's fuzz inputs for HTTP/2 (../shared/corpus/fuzz): no trap, no leak, and the same however they are cut. */

import { existsSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { Http2Bench } from "../../support/http2_bench.ts";
import { PREFACE, settings } from "../../support/http2_frames.ts";

const FOLDER = new URL("../../../../shared/corpus/fuzz/", import.meta.url);
const bench = new Http2Bench();

afterAll(() => expect(bench.leaks()).toEqual([0, 0, 0]));

if (!existsSync(FOLDER)) console.info("http2/corpus: ../shared/corpus/fuzz is missing, its inputs are not fed");

interface Row {
  readonly name: string;
  /** base64, of h2_connection. */
  readonly frames?: readonly string[];
  /** Of h2_replay. */
  readonly events?: readonly { readonly op: string; readonly frames?: readonly { readonly b64?: string }[] }[];
}

/** All bytes that one side receives. */
function bytesOf(row: Row, op: string): Buffer {
  const frames =
    row.frames ?? row.events?.filter((event) => event.op === op).flatMap((event) => event.frames ?? []) ?? [];
  return Buffer.concat(
    frames.map((frame) => Buffer.from((typeof frame === "string" ? frame : frame.b64) ?? "", "base64")),
  );
}

describe.skipIf(!existsSync(FOLDER))("fuzz inputs", () => {
  for (const file of ["h2_connection.jsonl", "h2_replay.jsonl"]) {
    for (const isServer of [true, false]) {
      it(`${file} to a ${isServer ? "server" : "client"}`, () => {
        const rows = readFileSync(new URL(file, FOLDER), "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as Row);
        expect(rows.length).toBeGreaterThan(5);
        for (const row of rows) {
          const bytes = bytesOf(row, isServer ? "downstream_send" : "upstream_send");
          const whole = Buffer.concat([isServer ? PREFACE : Buffer.alloc(0), settings(), bytes]);
          const told = [[], Array.from({ length: Math.min(whole.length - 1, 4_000) }, (_, i) => i + 1)].map((cuts) => {
            const peer = isServer ? bench.server() : bench.client();
            peer.feed(whole, cuts);
            const log = peer.take().filter((line) => !line.startsWith(">"));
            peer.close();
            return log;
          });
          expect(told[1], row.name).toEqual(told[0]);
        }
      });
    }
  }
});
