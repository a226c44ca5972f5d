import type { Observation, ObservedQuery } from './observe.ts';
import { readDashboards } from './observe.ts';

/** Of one dashboard: panels and annotations, its queries of Prometheus, and how many answered. */
export interface PanelCounts {
  readonly dashboard: string;
  readonly panels: number;
  readonly queries: number;
  readonly withData: number;
  readonly rightlyEmpty: number;
  /** LogQL and TraceQL, which are read by their grammars and not run. */
  readonly read: number;
}

function count(queries: readonly ObservedQuery[], is: (query: ObservedQuery) => boolean): number {
  return queries.filter(is).length;
}

/** Counts the panels and queries of each dashboard. */
export function countPanels({ queries }: Observation): readonly PanelCounts[] {
  return readDashboards().map(([file, { panels = [] }]) => {
    const dashboard = file.replace('.json', '');
    const own = queries.filter((query) => query.dashboard === dashboard);
    return {
      dashboard,
      panels: panels.filter(({ type }) => type !== 'row').length,
      queries: count(own, ({ series }) => series !== null),
      withData: count(own, ({ series }) => (series?.length ?? 0) > 0),
      rightlyEmpty: count(own, ({ emptiness }) => emptiness !== null),
      read: count(own, ({ series }) => series === null),
    };
  });
}

/** The counts as a table in Markdown, with their sums. */
export function toCountsTable(counts: readonly PanelCounts[]): string {
  const sum = (of: (row: PanelCounts) => number): number => counts.reduce((total, row) => total + of(row), 0);
  const all: PanelCounts = {
    dashboard: 'all',
    panels: sum(({ panels }) => panels),
    queries: sum(({ queries }) => queries),
    withData: sum(({ withData }) => withData),
    rightlyEmpty: sum(({ rightlyEmpty }) => rightlyEmpty),
    read: sum(({ read }) => read),
  };
  const lines = [...counts, all].map(
    ({ dashboard, panels, queries, withData, rightlyEmpty, read }) =>
      `| ${dashboard} | ${panels} | ${queries} | ${withData} | ${rightlyEmpty} | ${read} |`,
  );
  return [
    '| dashboard | panels | PromQL queries | with data | rightly empty | LogQL and TraceQL |',
    '|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

/** The page of the stack, which shows the counts between two marks. */
export const OBSERVABILITY_PAGE = 'docs/observability.md';

const MARKED = /(?<=<!-- dashboards: begin -->\n)[\s\S]*?(?=<!-- dashboards: end -->)/;

/** The page with these counts. Throws where it has no place for them. */
export function withCounts(page: string, counts: readonly PanelCounts[]): string {
  if (!MARKED.test(page))
    throw new Error(`${OBSERVABILITY_PAGE} has no marks for the counts of the dashboards`);
  return page.replace(MARKED, () => `${toCountsTable(counts)}\n`);
}
