import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGates } from './gates.ts';
import { installTestTools } from './install-test-tools.ts';
import { readTestReport, sumTotals, type TestTotals } from './read-test-report.ts';
import { runCommand } from './run-command.ts';

async function totalGates(root: string): Promise<TestTotals> {
  const results = await runGates(root);
  const failed = results.filter((result) => !result.isOk);
  return {
    passed: results.length - failed.length,
    failed: failed.length,
    complaints: failed.map((result) => `counted as failed: the gate ${result.name}`),
  };
}

async function totalTests(root: string, files: readonly string[]): Promise<TestTotals> {
  const folder = mkdtempSync(join(tmpdir(), 'gatewayz-test-'));
  const reportFile = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  try {
    const args = ['run', '--allowOnly=false', ...reporters, ...files];
    const { isOk } = await runCommand('vitest', args, { cwd: root, isShown: true });
    return readTestReport(existsSync(reportFile) ? readFileSync(reportFile, 'utf8') : null, isOk);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs everything, or only the test files that `files` name, which need neither gates nor every tool. */
async function runAll(root: string, files: readonly string[]): Promise<TestTotals> {
  const hasTools = installTestTools();
  if (files.length > 0) return totalTests(root, files);
  if (!hasTools)
    return { passed: 0, failed: 1, complaints: ['counted as failed: tools are missing, see above'] };
  return sumTotals([await totalGates(root), await totalTests(root, [])]);
}

const { passed, failed, complaints } = await runAll(process.cwd(), process.argv.slice(2));
for (const complaint of complaints) console.log(complaint);
if (failed > 0 || passed === 0) process.exitCode = 1;
console.log(`${passed} passed, ${failed} failed`);
