import type { CheckResult, NamedResult } from './check-result.ts';

/** Whether nothing failed; warnings and skipped checks are no failures. */
export function isHealthy(results: readonly NamedResult[]): boolean {
  return results.every(({ status }) => status !== 'fail');
}

/** The report for people: one line a check, below it the next step where there is one, and a last line that counts. */
export function toReport(results: readonly NamedResult[]): string {
  const nameWidth = Math.max(...results.map(({ name }) => name.length));
  const lines = results.flatMap((result) => {
    const start = `${result.status.padEnd(STATUS_WIDTH)}  ${result.name.padEnd(nameWidth)}  `;
    const line = start + result.answer;
    return result.status === 'ok' ? [line] : [line, `${' '.repeat(start.length)}→ ${result.next}`];
  });
  return `${[...lines, '', toCounts(results)].join('\n')}\n`;
}

/** The report for programs. */
export function toJsonReport(results: readonly NamedResult[]): string {
  return `${JSON.stringify({ ok: isHealthy(results), problems: [], checks: results }, null, 2)}\n`;
}

const STATUS_WIDTH = 'skipped'.length;
const WORDS: Readonly<Record<CheckResult['status'], string>> = {
  ok: 'ok',
  warn: 'to look at',
  fail: 'failed',
  skipped: 'skipped',
};

function toCounts(results: readonly NamedResult[]): string {
  const counts = Object.entries(WORDS)
    .map(([status, word]) => ({ word, count: results.filter((result) => result.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ word, count }) => `${count} ${word}`);
  return `${results.length} checks: ${counts.join(', ')}`;
}
