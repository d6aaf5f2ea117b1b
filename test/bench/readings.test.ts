/** How the bench reads its instruments. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { isReached, median } from "../../bench/figure.ts";
import { cpuNanoseconds, residentBytes } from "../../bench/machine/accounting.ts";
import { allocationRate, countBetween, probeEnvironment, readProbe } from "../../bench/path/readings.ts";
import { parseTable } from "../../bench/path/system_calls.ts";

const folder = mkdtempSync(join(tmpdir(), "nuncio-test-readings-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("takes the median of even and odd rounds, and judges a limit inclusively", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(isReached({ name: "", unit: "", value: 3, reach: 3 })).toBe(true);
  expect(isReached({ name: "", unit: "", value: 3.01, reach: 3 })).toBe(false);
});

it("reads CPU time and memory of a process with its children", () => {
  const before = cpuNanoseconds(process.pid);
  const start = process.cpuUsage();
  while (process.cpuUsage(start).user < 50_000); // microseconds
  expect(cpuNanoseconds(process.pid) - before).toBeGreaterThanOrEqual(49e6);
  expect(residentBytes(process.pid)).toBeGreaterThan(10e6);
});

it("reads strace's table with and without the column of errors", () => {
  const table = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.400000           9     40000           writev
 39.99    0.300000           7     40007         7 recvfrom
  0.01    0.000100         100         1           brk
------ ----------- ----------- --------- --------- ----------------
100.00    0.700100           8     80008         7 total
`;
  expect([...parseTable(table)]).toEqual([
    ["writev", 40000],
    ["recvfrom", 40007],
    ["brk", 1],
  ]);
});

it("takes allocation from neighbouring samples without a collection between, inside the window", () => {
  const probe = mkdtempSync(join(folder, "probe-"));
  const lines = [
    { at: 0, heap: 0, calls: 1, callbacks: 0 }, // before the window
    { at: 100, heap: 1_000, calls: 10, callbacks: 1 },
    { at: 200, heap: 3_000, calls: 20, callbacks: 1 },
    { at: 250, gc: 1, ms: 0.5 },
    { at: 300, heap: 500, calls: 30, callbacks: 4 },
    { at: 310, gc: 4, ms: 2 },
    { at: 400, heap: 700, calls: 40, callbacks: 4 },
    { at: 500, heap: 4_700, calls: 50, callbacks: 5 },
  ];
  writeFileSync(join(probe, "thread-2.jsonl"), `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
  const [thread, ...others] = readProbe(probe, 50, 600);
  expect(others).toEqual([]);
  if (thread === undefined) throw new Error("no readings");
  expect(thread.thread).toBe(2);
  expect(thread.collections.map(({ major }) => major)).toEqual([false, true]);
  expect(allocationRate(thread)).toBe((2_000 + 4_000) / 200);
  expect(countBetween(thread, "calls")).toBe(40);
  expect(countBetween(thread, "callbacks")).toBe(4);
});

it("looks into every thread of a program that knows nothing of it", { timeout: 20_000 }, async () => {
  const probe = mkdtempSync(join(folder, "probe-"));
  // (module (import "env" "back" (func)) (func (export "go") call 0)), called three times in a worker.
  const program = `
    const { Worker, isMainThread } = require("node:worker_threads");
    if (isMainThread) new Worker(__filename);
    else {
      const wasm = Buffer.from("AGFzbQEAAAABBAFgAAACDAEDZW52BGJhY2sAAAMCAQAHBgECZ28AAQoGAQQAEAAL", "base64");
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env: { back() {} } });
      for (let i = 0; i < 3; i++) exports.go();
      let kept = [];
      for (let i = 0; i < 3e6; i++) { if (i % 1e5 === 0) kept = []; kept.push({ i }); }
      setTimeout(() => {}, 350);
    }`;
  const file = join(folder, "program.cjs");
  writeFileSync(file, program);
  const from = Date.now();
  const child = spawn(process.execPath, [file], { env: { ...process.env, ...probeEnvironment(probe, "calls") } });
  expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
  expect(readdirSync(probe).sort()).toContain("thread-1.jsonl");
  const worker = readProbe(probe, from - 1000, Date.now()).find(({ thread }) => thread === 1);
  expect(worker?.samples.at(-1)).toMatchObject({ calls: 3, callbacks: 3 });
  expect(worker?.collections.length).toBeGreaterThan(0);
});
