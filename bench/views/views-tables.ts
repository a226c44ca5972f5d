import type { Goal } from '../report/goal.ts';
import { figure, milliseconds, table } from '../report/table.ts';
import type { ViewResult, ViewsResults } from './run-views.ts';

const METRICS_LIMIT_MS = 10;
const SUMMARY_LIMIT_MS = 50;
const LOCAL_SUMMARY_LIMIT_MS = 5;
const TEXT_LIMIT_MS = 100;
const ALL_LIMIT_MS = 200;
const STALL_LIMIT_MS = 50;
const TEXT_VIEWS = ['system', 'providers', 'models', 'business', 'performance'] as const;

/** The views part's table in Markdown. */
export function viewsTables({ metrics, local, prometheus }: ViewsResults): string {
  const cells = (result: ViewResult | undefined): string[] =>
    result === undefined
      ? ['–', '–', '–']
      : [milliseconds(result.medianMs), milliseconds(result.worstMs), milliseconds(result.worstStallMs)];
  const kilobytes = (result: ViewResult | undefined): string => figure(result ? result.bytes / 1000 : null);
  const rows = [...local].map(([view, result]) => [
    view,
    ...cells(result),
    kilobytes(result),
    ...cells(prometheus?.get(view)),
  ]);
  const columns = (source: string): string[] => [`${source} median`, 'worst', 'longest stall'];
  return table(
    ['ms', ...columns('local'), 'kB', ...columns('Prometheus')],
    [['/metrics', ...cells(metrics), kilobytes(metrics), '–', '–', '–'], ...rows],
  );
}

/** The views part's goals beside what was measured. */
export function viewsGoals({ metrics, local, prometheus }: ViewsResults): readonly Goal[] {
  const sources = prometheus === null ? [local] : [local, prometheus];
  const slowest = (views: readonly (typeof TEXT_VIEWS)[number][] | readonly ['summary'] | readonly ['all']) =>
    Math.max(...sources.flatMap((source) => views.map((view) => source.get(view)?.medianMs ?? Number.NaN)));
  const stalls = [...local.values()].map(({ worstStallMs }) => worstStallMs);
  return [
    goal('`/metrics`', METRICS_LIMIT_MS, metrics.medianMs),
    goal('`summary`, the slower source', SUMMARY_LIMIT_MS, slowest(['summary'])),
    goal(
      '`summary` from the local source',
      LOCAL_SUMMARY_LIMIT_MS,
      local.get('summary')?.medianMs ?? Number.NaN,
    ),
    goal('each text view, the slowest', TEXT_LIMIT_MS, slowest(TEXT_VIEWS)),
    goal('`all`, the slower source', ALL_LIMIT_MS, slowest(['all'])),
    goal('longest stall by an answer from the local source', STALL_LIMIT_MS, Math.max(...stalls)),
  ];
}

function goal(what: string, limitMs: number, measuredMs: number): Goal {
  const met = Number.isNaN(measuredMs) ? null : measuredMs < limitMs;
  return { what, goal: `< ${limitMs} ms`, measured: `${milliseconds(measuredMs)} ms`, met };
}
