import { type Goal, goalTable } from '../report/goal.ts';
import { median } from '../report/median.ts';
import { figure, milliseconds, table } from '../report/table.ts';
import type { SignalKind } from './books.ts';
import type { OutageResult } from './run-outage.ts';

const MAX_RATIO = 1.1;
const MAX_GROWTH_MB = 64;
const MB_PER_MIB = 1.048576;

const medianOf = ({ windows }: OutageResult, percentile: 'p50' | 'p99'): number =>
  median(windows.map(({ latencyMs }) => latencyMs[percentile]));

const growthMb = (result: OutageResult, well: OutageResult): number =>
  (result.peakMib - well.peakMib) * MB_PER_MIB;

/** The windows of every gateway, and where its lines or spans went. */
export function outageTable(kind: SignalKind, results: readonly OutageResult[]): string {
  const [well] = results;
  if (well === undefined) return '';
  const head = [
    `${kind}: the sink`,
    'p50, ms',
    'p99, ms',
    'p99 ÷ takes',
    'smallest and largest p99',
    'unanswered or wrong',
    'peak RSS, MiB',
    'dropped: full',
    'dropped: other',
    'delivered',
    'as the sink counts',
    'unaccounted',
  ];
  const rows = results.map((result) => {
    const { name, windows, peakMib, after, taken, imbalance } = result;
    const p99s = windows.map(({ latencyMs }) => latencyMs.p99);
    return [
      name,
      milliseconds(medianOf(result, 'p50')),
      milliseconds(medianOf(result, 'p99')),
      figure(medianOf(result, 'p99') / medianOf(well, 'p99')),
      `${milliseconds(Math.min(...p99s))}–${milliseconds(Math.max(...p99s))}`,
      String(windows.reduce((sum, window) => sum + failuresOf(window), 0)),
      figure(peakMib),
      after.full.toLocaleString('en'),
      after.lost.toLocaleString('en'),
      after.delivered.toLocaleString('en'),
      taken.toLocaleString('en'),
      String(imbalance),
    ];
  });
  return table(head, rows);
}

function failuresOf({ errors, unanswered }: OutageResult['windows'][number]): number {
  return Object.values(errors).reduce((sum, count) => sum + count, unanswered);
}

/** The verdict. */
export function outageVerdict(kind: SignalKind, results: readonly OutageResult[]): string {
  const [well, control, ...ill] = results;
  if (well === undefined || control === undefined) return '';
  const ratioOf = (result: OutageResult): number => medianOf(result, 'p99') / medianOf(well, 'p99');
  const unbalanced = results.filter(
    ({ imbalance, after, taken }) => imbalance !== 0 || after.delivered !== taken,
  );
  const noise = ratioOf(control);
  const isQuiet = noise < MAX_RATIO && noise > 1 / MAX_RATIO;
  const goals: readonly Goal[] = [
    ...ill.map((result) => ({
      what: `${kind}: p99 while the sink ${result.name} ÷ while it takes all`,
      goal: `< ${MAX_RATIO}`,
      measured: `${figure(ratioOf(result))} (two gateways whose sinks take all: ${figure(noise)})`,
      // A machine on which two that do the same differ by more cannot tell.
      met: isQuiet ? ratioOf(result) < MAX_RATIO : null,
    })),
    {
      what: `${kind}: memory that an outage costs, MB`,
      goal: `< ${MAX_GROWTH_MB}`,
      measured: ill.map((result) => figure(growthMb(result, well))).join(', '),
      met: ill.every((result) => growthMb(result, well) < MAX_GROWTH_MB),
    },
    {
      what: `${kind}: every one of every request is delivered or counted as dropped, and the sink counts the same`,
      goal: 'all',
      measured:
        unbalanced.length === 0 ? 'all' : `not where it ${unbalanced.map(({ name }) => name).join(', ')}`,
      met: unbalanced.length === 0,
    },
  ];
  return goalTable(goals);
}
