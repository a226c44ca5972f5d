/** What a run came to; a line in `complaints` for each failure that no test report shows by itself. */
export interface TestTotals {
  readonly passed: number;
  readonly failed: number;
  readonly complaints: readonly string[];
}

interface ReportedTest {
  readonly fullName?: string;
  readonly status?: string;
}

interface ReportedFile {
  readonly name?: string;
  readonly status?: string;
  readonly message?: string;
  readonly assertionResults?: readonly ReportedTest[];
}

function totalFile(file: ReportedFile): TestTotals {
  const tests = file.assertionResults ?? [];
  const failures = tests.filter((test) => test.status === 'failed').length;
  const passed = tests.filter((test) => test.status === 'passed').length;
  const notRun = tests.filter((test) => test.status !== 'failed' && test.status !== 'passed');
  const complaints = notRun.map(
    (test) => `counted as failed, since it was skipped: ${test.fullName} (${file.name})`,
  );
  if (tests.length === 0 || (file.status === 'failed' && failures === 0)) {
    complaints.push(`counted as failed, outside of its tests: ${file.name}`);
  }
  return { passed, failed: failures + complaints.length, complaints };
}

/** Adds totals up. */
export function sumTotals(totals: readonly TestTotals[]): TestTotals {
  return {
    passed: totals.reduce((sum, total) => sum + total.passed, 0),
    failed: totals.reduce((sum, total) => sum + total.failed, 0),
    complaints: totals.flatMap((total) => total.complaints),
  };
}

/**
 * Reads Vitest's JSON report (`null` where there is none). A test that was skipped, a file that broke outside of
 * its tests and a run that failed without a failed test each count as one failure.
 */
export function readTestReport(json: string | null, isRunOk: boolean): TestTotals {
  const broken = (complaint: string): TestTotals => ({ passed: 0, failed: 1, complaints: [complaint] });
  if (json === null) return broken('counted as failed: the test run left no report');
  const report = JSON.parse(json) as { readonly testResults?: readonly ReportedFile[] };
  const totals = sumTotals((report.testResults ?? []).map(totalFile));
  if (totals.failed > 0) return totals;
  if (totals.passed === 0) return broken('counted as failed: no test was run');
  return isRunOk ? totals : sumTotals([totals, broken('counted as failed: an error outside of all tests')]);
}
