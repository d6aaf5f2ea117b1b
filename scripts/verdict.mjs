// The last line of the gate, `N passed, N failed, N skipped`: the tests that vitest's JSON report counts, and each stage of the gate
// (setup, lint, typecheck, test) as one more. Exits with 1 when anything failed.
// usage: verdict.mjs REPORT [NAME OF A STAGE THAT FAILED]...
import { readFileSync } from "node:fs";

const STAGES = 4;
const [reportFile, ...failedStages] = process.argv.slice(2);

const tests = readReport(reportFile);
let failed = tests.failed + failedStages.length;
// Tests that all passed while vitest exited with an error: an error outside of any test. The stage says so, counted above. And tests
// that failed are already counted one by one, so that the stage is not counted again.
if (tests.failed > 0 && failedStages.includes("test")) failed -= 1;
// When setup fails nothing else ran.
const ranStages = failedStages.includes("setup") ? 1 : STAGES;
const passed = tests.passed + ranStages - failedStages.length;

for (const name of tests.failedNames) console.log(`failed: ${name}`);
for (const stage of failedStages) console.log(`failed: ${stage}`);
console.log(`${passed} passed, ${failed} failed, ${tests.skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;

/** Counts of a vitest report; zeros when there is none, for then the stage `test` or one before it failed. */
function readReport(file) {
  const counts = { passed: 0, failed: 0, skipped: 0, failedNames: [] };
  let report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return counts;
  }
  counts.passed = report.numPassedTests;
  counts.skipped = report.numPendingTests + report.numTodoTests;
  for (const suite of report.testResults) {
    const bad = suite.assertionResults.filter(({ status }) => status === "failed");
    for (const test of bad) counts.failedNames.push(`${suite.name}: ${test.fullName}`);
    // A file that could not be loaded has no tests to count.
    if (suite.status === "failed" && bad.length === 0) counts.failedNames.push(`${suite.name}: ${suite.message}`);
  }
  counts.failed = counts.failedNames.length;
  return counts;
}
