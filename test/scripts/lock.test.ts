import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { withBuildLock } from "../../scripts/build/lock.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

beforeEach(() => {
  const before = process.cwd();
  process.chdir(temporaryFolder());
  onTestFinished(() => process.chdir(before));
});

it("lets one build in at a time", async () => {
  const order: string[] = [];
  let leave = () => {};
  const first = withBuildLock(async () => {
    order.push("first in");
    await new Promise<void>((resolve) => {
      leave = resolve;
    });
    order.push("first out");
  });
  const second = withBuildLock(async () => order.push("second in"));
  leave();
  await Promise.all([first, second]);
  expect(order).toEqual(["first in", "first out", "second in"]);
  expect(existsSync("build/.lock")).toBe(false);
});

it("takes over the lock of a process that is gone", async () => {
  const gone = spawnSync(process.execPath, ["-e", ""]).pid;
  mkdirSync("build");
  writeFileSync("build/.lock", String(gone));
  expect(await withBuildLock(async () => "in")).toBe("in");
});

it("gives the lock back when the build fails", async () => {
  await expect(withBuildLock(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(existsSync("build/.lock")).toBe(false);
});
