import type { Goal } from '../report/goal.ts';
import { median } from '../report/median.ts';
import { figure, milliseconds, table } from '../report/table.ts';
import type { PollerFigures } from './poller-worker.ts';
import type { PollerResults } from './run-poller.ts';

const POLL_LIMIT_MS = 50;
const GROWTH_LIMIT_KIB = 100;
const KIB = 1024;
/** How often a poll runs unless the configuration says otherwise. */
const INTERVAL_MS = 30_000;

/** The value below which this share of the sorted values lies. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function over({ runs }: PollerResults, read: (figures: PollerFigures) => number): number {
  return median(runs.map(read));
}

const pollQuantile =
  (share: number) =>
  (figures: PollerFigures): number =>
    quantile(figures.milliseconds, share);

const growthKib = ({ heapGrowthBytes }: PollerFigures): number => heapGrowthBytes / KIB;

/** The poller part's table in Markdown. */
export function pollerTable(results: PollerResults): string {
  const cpu = over(results, ({ cpuMsPerPoll }) => cpuMsPerPoll);
  const worst = Math.max(...results.runs.flatMap((figures) => figures.milliseconds));
  const polls = results.polls.toLocaleString('en');
  return table(
    ['one poll: four endpoints, side by side', ''],
    [
      ['time, ms p50', milliseconds(over(results, pollQuantile(0.5)))],
      ['time, ms p99', milliseconds(over(results, pollQuantile(0.99)))],
      ['longest of all, ms', milliseconds(worst)],
      ['answers read, bytes', figure(results.answerBytes)],
      ['CPU, ms', milliseconds(cpu)],
      ['CPU of one core at a poll every 30 s, %', milliseconds((100 * cpu) / INTERVAL_MS)],
      ['heap in use, MiB', figure(over(results, ({ heapBytes }) => heapBytes / KIB ** 2))],
      [`heap growth over ${polls} polls, KiB`, figure(over(results, growthKib))],
    ],
  );
}

/** The poller part's goals beside what was measured. */
export function pollerGoals(results: PollerResults): readonly Goal[] {
  const p99 = over(results, pollQuantile(0.99));
  const growth = over(results, growthKib);
  return [
    {
      what: 'a poll of a healthy service, p99',
      goal: `< ${POLL_LIMIT_MS} ms`,
      measured: `${milliseconds(p99)} ms`,
      met: p99 < POLL_LIMIT_MS,
    },
    {
      what: `heap growth over ${results.polls.toLocaleString('en')} polls`,
      goal: `≤ ${GROWTH_LIMIT_KIB} KiB`,
      measured: `${figure(growth)} KiB`,
      met: growth <= GROWTH_LIMIT_KIB,
    },
  ];
}
