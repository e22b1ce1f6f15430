import { readFileSync } from "node:fs";

/** Prints `N passed, N failed` from vitest's JSON report, and fails if anything did. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly success: boolean;
}

const [file = "", checksFailed = "0"] = process.argv.slice(2);
const text = readFileSync(file, "utf8");
if (text === "") throw new Error("The test run left no report; it ended before its first test.");
const report = JSON.parse(text) as Report;
// A suite that cannot even be loaded has no tests to fail, and a failed lint or type check is no test: both count as one.
const unloaded = !report.success && report.numFailedTests === 0 ? 1 : 0;
const failed = report.numFailedTests + unloaded + (checksFailed === "1" && report.success ? 1 : 0);
const skipped = report.numPendingTests === 0 ? "" : `, ${report.numPendingTests} skipped`;
console.log(`${report.numPassedTests} passed, ${failed} failed${skipped}`);
process.exitCode = failed === 0 && report.numPassedTests > 0 ? 0 : 1;
