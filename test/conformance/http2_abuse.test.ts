/**
 * The program as it is shipped under HTTP/2 floods, bombs and stalls that others collected: `h2_abuse.py`, which is kept beside the repository. Those that only
 * show patience are left to a run by hand: they take five times as long.
 */

import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { httpUpstream } from "../e2e/support/upstream.ts";
import { plainConfig } from "../support/plain_config.ts";
import { startProgram } from "../support/program.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const ATTACKS = fileURLToPath(new URL("../../../shared/corpus/h2_abuse.py", import.meta.url));
const BIN = fileURLToPath(new URL("../../bin/nuncio", import.meta.url));
const ADMIN = { address: { socket_address: { address: "127.0.0.1", port_value: 0 } } };
const TIME_MS = 120_000;
/** Ends without a connection error: what is wrong is one stream's, or nothing is wrong. */
const STAYS_OPEN = ["zero_window", "unread_answers", "hpack_bomb"];
const ENDED = [
  "rapid_reset",
  "made_you_reset",
  "made_you_reset_data",
  "made_you_reset_length",
  "malformed_requests",
  "reset_unread",
  "continuation_flood",
  "continuation_empty",
  "headers_never_end",
  "big_header",
  "hpack_integer",
  "settings_flood",
  "settings_unread",
  "ping_flood",
  "ping_unread",
  "empty_data",
  "window_overflow",
  "window_flood",
  "too_many_streams",
  "priority_churn",
  "priority_update",
  "unknown_frames",
  "big_frame",
];
const MAX_RSS = 16;

interface Row {
  readonly attack: string;
  readonly end: string;
  readonly mb: number;
  readonly neighbour_lost: number;
  readonly neighbour_worst_ms: number;
  readonly alive: boolean;
}

const isHere = existsSync(ATTACKS);
if (!isHere) console.warn("SKIPPED: HTTP/2 abuse, absent: shared/corpus/h2_abuse.py");

it.skipIf(!isHere)(
  "ends who abuses it, keeps its memory, and loses no neighbour's request",
  async () => {
    const small = Buffer.alloc(1024, "a");
    const big = Buffer.alloc(1 << 20, "b");
    const upstream = await httpUpstream(onTestFinished, (request, response) => {
      request.on("data", () => undefined);
      request.on("end", () => response.end(request.url === "/big" ? big : small));
    });
    const { child, listeners } = await startProgram(
      BIN,
      JSON.stringify({ admin: ADMIN, ...plainConfig(upstream.port) }),
    );
    const json = join(temporaryFolder(), "rows.json");
    const only = `^(${[...ENDED, ...STAYS_OPEN].join("|")})$`;
    const args = [ATTACKS, listeners["plain"] ?? "", "--pid", String(child.pid), "--seconds", "1", "--post", "/echo"];
    await new Promise<void>((done) => {
      execFile("python3", [...args, "--only", only, "--json", json], { timeout: TIME_MS - 10_000 }, () => done());
    });
    const rows = JSON.parse(readFileSync(json, "utf8")) as Row[];
    expect(rows.map(({ attack }) => attack).sort()).toEqual([...ENDED, ...STAYS_OPEN].sort());
    // A neighbour that was stopped before it could ask stands there as one loss and no time.
    const isHarmed = ({ neighbour_lost: lost, neighbour_worst_ms: worst, alive }: Row) =>
      !alive || lost > 1 || (lost === 1 && worst > 0);
    expect(rows.filter(isHarmed)).toEqual([]);
    expect(rows.filter(({ mb }) => mb > MAX_RSS)).toEqual([]);
    for (const { attack, end } of rows) {
      expect(`${attack}: ${end}`).toMatch(STAYS_OPEN.includes(attack) ? /: open/ : /: GOAWAY [A-Z_]+, closed/);
    }
  },
  TIME_MS,
);
