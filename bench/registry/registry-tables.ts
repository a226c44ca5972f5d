import type { Goal } from '../report/goal.ts';
import { figure, table } from '../report/table.ts';
import type { LibraryResult, RegistryResults, RenderResult } from './run-registry.ts';

const INC_FACTOR = 50;
const STALL_LIMIT_MS = 3;
const STALL_SERIES = 50_000;

function quotient(value: number | null | undefined, base: number | null | undefined): number | null {
  return value == null || base == null ? null : value / base;
}

function callTable(ours?: LibraryResult, theirs?: LibraryResult, kept?: LibraryResult): string {
  const row = (
    name: string,
    read: (result: LibraryResult | undefined) => number | null | undefined,
  ): string[] => [
    name,
    figure(read(ours) ?? null),
    figure(read(theirs) ?? null),
    figure(read(kept) ?? null),
    figure(quotient(read(theirs), read(ours))),
  ];
  const head = [
    'ns per call',
    'gatewayz, kept child',
    'prom-client, labels at each call',
    'prom-client, kept child',
  ];
  const rows = [row('inc', (result) => result?.incNs), row('observe', (result) => result?.observeNs)];
  return table([...head, 'times faster'], rows);
}

function renderTable(results: RegistryResults, ours?: LibraryResult, theirs?: LibraryResult): string {
  const pair = (render: RenderResult | undefined): string[] => [
    figure(render?.totalMs ?? null),
    `${figure(render?.stallMs ?? null)} / ${figure(render?.worstStallMs ?? null)}`,
    `${figure(render?.firstTotalMs ?? null)} / ${figure(render?.firstStallMs ?? null)}`,
  ];
  const rows = results.sizes.map((series) => [
    series.toLocaleString('en'),
    ...pair(ours?.renders.get(series)),
    ...pair(theirs?.renders.get(series)),
    figure(quotient(ours?.renders.get(series)?.totalMs, theirs?.renders.get(series)?.totalMs)),
  ]);
  const columns = (name: string): string[] => [
    `${name} total`,
    'stall usual / worst',
    'first render total / stall',
  ];
  return table(
    ['ms at so many series', ...columns('gatewayz'), ...columns('prom-client'), 'total ÷ prom-client'],
    rows,
  );
}

/** The registry part's tables in Markdown. */
export function registryTables(results: RegistryResults): string {
  const ours = results.libraries.get('gatewayz');
  const theirs = results.libraries.get('prom-client');
  const parts = [
    callTable(ours, theirs, results.libraries.get('prom-client-kept')),
    renderTable(results, ours, theirs),
  ];
  const faults = [...results.libraries].filter(([, { fault }]) => fault !== null);
  if (faults.length > 0) {
    parts.push(faults.map(([name, { fault }]) => `- ${name}: ${fault}`).join('\n'));
  }
  return parts.join('\n\n');
}

function totalGoal(results: RegistryResults, ours?: LibraryResult, theirs?: LibraryResult): Goal {
  const quotients = results.sizes.map((series) =>
    quotient(ours?.renders.get(series)?.totalMs, theirs?.renders.get(series)?.totalMs),
  );
  const known = quotients.filter((value) => value !== null);
  const worst = known.length === quotients.length && known.length > 0 ? Math.max(...known) : null;
  return {
    what: 'render time ÷ prom-client, at every size',
    goal: '< 1',
    measured: figure(worst),
    met: worst === null ? null : worst < 1,
  };
}

function stallGoal(what: string, measured: number | undefined): Goal {
  const known = measured !== undefined;
  return {
    what,
    goal: `≤ ${STALL_LIMIT_MS} ms`,
    measured: known ? `${figure(measured)} ms` : figure(null),
    met: known ? measured <= STALL_LIMIT_MS : null,
  };
}

/** The registry part's goals beside what was measured. */
export function registryGoals(results: RegistryResults): readonly Goal[] {
  const ours = results.libraries.get('gatewayz');
  const theirs = results.libraries.get('prom-client');
  const factor = quotient(theirs?.incNs, ours?.incNs);
  const render = ours?.renders.get(STALL_SERIES);
  return [
    {
      what: '`inc` on a kept child, times faster than prom-client',
      goal: `≥ ${INC_FACTOR}`,
      measured: figure(factor),
      met: factor === null ? null : factor >= INC_FACTOR,
    },
    stallGoal('longest stall at 50,000 series', render?.worstStallMs),
    stallGoal('the same in the first render of a process', render?.firstStallMs),
    totalGoal(results, ours, theirs),
  ];
}
