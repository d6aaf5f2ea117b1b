import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary_folder.ts";

const passedSuite = {
  name: "a.test.ts",
  status: "passed",
  message: "",
  assertionResults: [{ status: "passed", fullName: "works" }],
};
const failedSuite = {
  name: "b.test.ts",
  status: "failed",
  message: "",
  assertionResults: [{ status: "failed", fullName: "breaks" }],
};
const brokenSuite = { name: "c.test.ts", status: "failed", message: "cannot load", assertionResults: [] };

function report(passed: number, pending: number, testResults: object[]) {
  return { numPassedTests: passed, numPendingTests: pending, numTodoTests: 0, testResults };
}

/** Last line and exit code of the verdict on a report and the stages that failed. */
function verdict(content: object | null, ...failedStages: string[]) {
  const file = join(temporaryFolder(), "report.json");
  if (content) writeFileSync(file, JSON.stringify(content));
  const { stdout, status } = spawnSync(process.execPath, ["scripts/verdict.mjs", file, ...failedStages], {
    encoding: "utf8",
  });
  return { last: stdout.trimEnd().split("\n").at(-1), status };
}

it("counts tests and stages", () => {
  expect(verdict(report(1, 2, [passedSuite]))).toEqual({ last: "5 passed, 0 failed, 2 skipped", status: 0 });
});

it("is red for a failed test, which it counts once", () => {
  expect(verdict(report(1, 0, [passedSuite, failedSuite]), "test")).toEqual({
    last: "4 passed, 1 failed, 0 skipped",
    status: 1,
  });
});

it("is red for a file that does not load", () => {
  expect(verdict(report(1, 0, [passedSuite, brokenSuite]), "test")).toEqual({
    last: "4 passed, 1 failed, 0 skipped",
    status: 1,
  });
});

it("is red for a failed stage, with every test green", () => {
  expect(verdict(report(1, 0, [passedSuite]), "lint")).toEqual({ last: "4 passed, 1 failed, 0 skipped", status: 1 });
});

it("is red when an error outside of any test ended the run", () => {
  expect(verdict(report(1, 0, [passedSuite]), "test")).toEqual({ last: "4 passed, 1 failed, 0 skipped", status: 1 });
});

it("is red when setup failed and nothing ran", () => {
  expect(verdict(null, "setup")).toEqual({ last: "0 passed, 1 failed, 0 skipped", status: 1 });
});

it("is red when the tests never reported", () => {
  expect(verdict(null, "test")).toEqual({ last: "3 passed, 1 failed, 0 skipped", status: 1 });
});
