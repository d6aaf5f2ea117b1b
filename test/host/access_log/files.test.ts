// The files of the main thread, on a real file system.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AccessLogFiles, FILE_BUFFER_BYTES_MAX } from "../../../host/access_log/files.ts";
import { StatStore } from "../../../host/stats/scope.ts";
import { Ledger } from "../../../host/wasm/ledger.ts";
import { VirtualClock } from "../../support/virtual_clock.ts";

const FLUSH_MS = 10_000;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nuncio-log-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function bench(flushMinBytes = 64) {
  const clock = new VirtualClock();
  const store = new StatStore(Ledger.create(1).view, { onDefine: () => {}, onRelease: () => {}, onFull: () => {} });
  const warnings: string[] = [];
  const files = new AccessLogFiles({
    timers: clock.timers,
    scope: store.root,
    flushIntervalMs: FLUSH_MS,
    flushMinBytes,
    warn: (message) => warnings.push(message),
  });
  const write = (path: string, text: string, dropped = 0) =>
    files.write({ path, bytes: new Uint8Array(Buffer.from(text)), dropped });
  const count = (name: string) => store.root.counter(`filesystem.${name}`).value;
  const waiting = () => store.root.gauge("filesystem.write_total_buffered").value;
  return { clock, files, write, warnings, count, waiting };
}

const text = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);

it("writes when enough has gathered", async () => {
  const { files, write, count } = bench(4);
  const path = join(folder, "a.log");
  write(path, "12");
  write(path, "34\n");
  await vi.waitFor(() => expect(text(path)).toBe("1234\n"));
  await vi.waitFor(() => expect(count("write_completed")).toBe(1));
  expect(count("write_buffered")).toBe(2);
  await files.close();
});

it("writes when the interval is over", async () => {
  const { clock, files, write, count, waiting } = bench();
  const path = join(folder, "a.log");
  write(path, "line\n");
  expect(waiting()).toBe(5);
  clock.advance(FLUSH_MS);
  await vi.waitFor(() => expect(text(path)).toBe("line\n"));
  expect(count("flushed_by_timer")).toBe(1);
  await vi.waitFor(() => expect(waiting()).toBe(0));
  await files.close();
});

it("writes the rest when it closes, in order", async () => {
  const { files, write, waiting } = bench(4);
  const path = join(folder, "a.log");
  for (let i = 0; i < 100; i++) write(path, `line ${i}\n`);
  await files.close();
  expect(text(path)).toBe(Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join(""));
  expect(waiting()).toBe(0);
});

it("goes on in a new file after it was moved away and reopened", async () => {
  const { clock, files, write } = bench();
  const path = join(folder, "a.log");
  write(path, "old\n");
  clock.advance(FLUSH_MS);
  await vi.waitFor(() => expect(text(path)).toBe("old\n"));
  renameSync(path, `${path}.1`);
  files.reopen();
  await vi.waitFor(() => expect(text(path)).toBe(""));
  write(path, "new\n");
  await files.close();
  expect(text(`${path}.1`)).toBe("old\n");
  expect(text(path)).toBe("new\n");
});

it("says once what cannot be opened, counts it, and goes on when it can", async () => {
  const { clock, files, write, warnings, count, waiting } = bench(1);
  const path = join(folder, "missing", "a.log");
  write(path, "lost\n");
  await vi.waitFor(() => expect(count("write_failed")).toBe(1));
  write(path, "lost\n");
  await vi.waitFor(() => expect(count("write_failed")).toBe(2));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(path);
  expect(waiting()).toBe(0);
  clock.advance(FLUSH_MS);
  mkdirSync(join(folder, "missing"));
  write(path, "kept\n");
  await files.close();
  expect(readFileSync(path, "utf8")).toBe("kept\n");
});

it.skipIf(!existsSync("/dev/full"))("loses lines, and nothing else, on a full disk", async () => {
  const { files, write, warnings, count, waiting } = bench(1);
  write("/dev/full", "lost\n");
  await vi.waitFor(() => expect(count("write_failed")).toBe(1));
  write("/dev/full", "lost\n");
  await vi.waitFor(() => expect(count("write_failed")).toBe(2));
  expect(warnings).toEqual([expect.stringContaining("ENOSPC")]);
  expect(waiting()).toBe(0);
  await files.close();
});

it("bounds what waits, and counts what a worker dropped", async () => {
  const { files, write, warnings, count } = bench(FILE_BUFFER_BYTES_MAX * 2);
  const path = join(folder, "a.log");
  const half = "x".repeat(FILE_BUFFER_BYTES_MAX / 2);
  write(path, half);
  write(path, half);
  write(path, "one too many\n");
  expect(count("write_failed")).toBe(1);
  expect(warnings).toHaveLength(1);
  write(path, "", 3);
  expect(count("write_failed")).toBe(4);
  await files.close();
  expect(text(path)?.length).toBe(FILE_BUFFER_BYTES_MAX);
});
