import type { JobResult } from '../load/job.ts';
import { median } from '../report/median.ts';
import { figure, milliseconds, table } from '../report/table.ts';
import type { CandidateName } from './candidates.ts';
import { type HttpResults, perCpuSecond } from './http-results.ts';
import { type Scenario, scenarioTitle } from './scenarios.ts';
import { isTelemetryName } from './telemetry-candidates.ts';
import { workersOf } from './workers-launch.ts';

/** A quotient with the range over the rounds: `0.64 (0.61–0.66)`. */
function quotient(
  results: HttpResults,
  candidate: CandidateName,
  base: CandidateName,
  scenario: string,
  read: (result: JobResult) => number = perSecond,
): string {
  const ratios = results.paired(candidate, base, scenario, read, (value, other) => value / other);
  if (ratios.length === 0) {
    return '–';
  }
  const range = ratios.length > 1 ? ` (${figure(Math.min(...ratios))}–${figure(Math.max(...ratios))})` : '';
  return `${figure(median(ratios))}${range}`;
}

function perSecond(result: JobResult): number {
  return result.perSecond;
}

/** The candidates that one table can hold: workers have another load than the rest. */
function underOneLoad({ candidates }: HttpResults): readonly CandidateName[] {
  return candidates.filter((name) => workersOf(name) === 1);
}

/** What is divided by what, where both were measured. */
const QUOTIENTS: readonly (readonly [CandidateName, CandidateName])[] = [
  ['gatewayz', 'bare'],
  ['gatewayz', 'portkey'],
  ['bare', 'portkey'],
  ['sqlite', 'no-ledger'],
  ['postgres', 'no-ledger'],
];

function throughputTable(results: HttpResults): string {
  const candidates = underOneLoad(results);
  const pairs = QUOTIENTS.filter((pair) => pair.every((name) => candidates.includes(name)));
  const rows = results.scenarios
    .filter(({ loop }) => loop.kind === 'closed')
    .map((scenario) => [
      scenarioTitle(scenario),
      ...candidates.map((name) => figure(results.figure(name, scenario.name, perSecond))),
      ...pairs.map(([name, base]) => quotient(results, name, base, scenario.name)),
    ]);
  return table(['per second', ...candidates, ...pairs.map((pair) => pair.join(' ÷ '))], rows);
}

/** What is left of the gateway's throughput where its lines or spans go somewhere. */
function telemetryTable(results: HttpResults): readonly string[] {
  const names = results.candidates.filter(isTelemetryName);
  if (names.length === 0 || !results.candidates.includes('gatewayz')) return [];
  const rows = results.scenarios
    .filter(({ loop }) => loop.kind === 'closed')
    .map((scenario) => [
      scenarioTitle(scenario),
      ...names.map((name) => quotient(results, name, 'gatewayz', scenario.name)),
    ]);
  return [table(['per second', ...names.map((name) => `${name} ÷ gatewayz`)], rows)];
}

/** Whether the candidate answered (nearly) all that was due. */
function holds(results: HttpResults, candidate: CandidateName, { name, loop }: Scenario): boolean {
  const rate = results.figure(candidate, name, perSecond);
  const unanswered = results.figure(candidate, name, (result) => result.unanswered);
  return loop.kind === 'closed' || (unanswered === 0 && rate !== null && rate > loop.ratePerSecond * 0.97);
}

function addedCell(
  results: HttpResults,
  candidate: CandidateName,
  scenario: Scenario,
  pick: 'latencyMs' | 'firstChunkMs',
): string {
  const read = (part: 'p50' | 'p99') => (result: JobResult) => result[pick][part];
  const rate = results.figure(candidate, scenario.name, perSecond);
  if (rate === null) {
    return '–';
  }
  if (!holds(results, candidate, scenario)) {
    return `not held: ${figure(rate)}/s`;
  }
  if (candidate === 'direct') {
    const own = (part: 'p50' | 'p99'): string =>
      milliseconds(results.figure('direct', scenario.name, read(part)));
    return `${own('p50')} / ${own('p99')}`;
  }
  const added = (part: 'p50' | 'p99'): string =>
    milliseconds(addedMs(results, candidate, scenario.name, read(part)));
  return `${added('p50')} / ${added('p99')}`;
}

/** The median over rounds of what a candidate adds to `direct` in the same round; null where either has no figure. */
export function addedMs(
  results: HttpResults,
  candidate: CandidateName,
  scenario: string,
  read: (result: JobResult) => number,
): number | null {
  const added = results.paired(candidate, 'direct', scenario, read, (value, direct) => value - direct);
  return added.length === 0 ? null : median(added);
}

function addedTable(results: HttpResults, title: string, pick: 'latencyMs' | 'firstChunkMs'): string {
  const candidates = underOneLoad(results);
  const rows = results.scenarios
    .filter(({ stream }) => stream || pick === 'latencyMs')
    .map((scenario) => [
      scenarioTitle(scenario),
      ...candidates.map((name) => addedCell(results, name, scenario, pick)),
    ]);
  const heads = candidates.map((name) => (name === 'direct' ? 'direct (itself)' : name));
  return table([title, ...heads], rows);
}

function cpuCell(results: HttpResults, candidate: CandidateName, scenario: string): string {
  const share = results.figure(candidate, scenario, (result) => result.cpuShare);
  const microseconds = results.figure(candidate, scenario, (result) => 1e6 / perCpuSecond(result));
  return share === null ? '–' : `${figure(microseconds)} (${Math.round(share * 100)} %)`;
}

function costTable(results: HttpResults): string {
  const candidates = underOneLoad(results);
  const cpuRows = results.scenarios.map((scenario) => [
    `CPU µs per answer: ${scenarioTitle(scenario)}`,
    ...candidates.map((name) => cpuCell(results, name, scenario.name)),
  ]);
  const memory = candidates.map((name) => figure(results.memory(name)));
  return table(['process', ...candidates], [['peak memory, MiB', ...memory], ...cpuRows]);
}

/** Several workers beside one process whose load each of them has. */
function workersTables(results: HttpResults): readonly string[] {
  return results.candidates
    .filter((name) => workersOf(name) > 1)
    .map((name) =>
      table(
        [
          'CPU µs per answer, with this load for each worker',
          'gatewayz',
          name,
          `per CPU second, ${name} ÷ gatewayz`,
          `per second, ${name} ÷ gatewayz`,
        ],
        results.scenarios.map((scenario) => [
          scenarioTitle(scenario),
          cpuCell(results, 'gatewayz', scenario.name),
          cpuCell(results, name, scenario.name),
          quotient(results, name, 'gatewayz', scenario.name, perCpuSecond),
          quotient(results, name, 'gatewayz', scenario.name),
        ]),
      ),
    );
}

function faults(results: HttpResults): string[] {
  return results.candidates.flatMap((name) => {
    const found = results.scenarios.map(
      (scenario) => [scenario.name, results.fault(name, scenario.name)] as const,
    );
    const bad = found.filter(([, fault]) => fault !== null);
    const same = bad.length === results.scenarios.length && new Set(bad.map(([, fault]) => fault)).size === 1;
    return same
      ? [`- ${name}: ${bad[0]?.[1]}`]
      : bad.map(([scenario, fault]) => `- ${name}, ${scenario}: ${fault}`);
  });
}

/** Says where the load generator, and not the candidate, set the pace. */
function bottlenecks(results: HttpResults): string[] {
  return results.scenarios.flatMap((scenario) => {
    const ratios = results.paired(
      'direct',
      'bare',
      scenario.name,
      perSecond,
      (direct, bare) => direct / bare,
    );
    const share = results.figure('bare', scenario.name, (result) => result.cpuShare) ?? 0;
    const narrow = scenario.loop.kind === 'closed' && scenario.loop.connections > 1 && median(ratios) < 2;
    return narrow
      ? [
          `- ${scenarioTitle(scenario)}: direct is only ${figure(median(ratios))} × bare (wanted: 2), with bare at ` +
            `${Math.round(share * 100)} % of its core: read bare as a lower bound, and gatewayz ÷ bare as an upper one.`,
        ]
      : [];
  });
}

/** The HTTP part's tables in Markdown. */
export function httpTables(results: HttpResults): string {
  const notes = [...faults(results), ...bottlenecks(results)];
  const parts = [throughputTable(results), ...telemetryTable(results)];
  if (results.candidates.includes('direct')) {
    parts.push(addedTable(results, 'added latency, ms p50 / p99', 'latencyMs'));
    if (results.scenarios.some(({ stream }) => stream)) {
      parts.push(addedTable(results, 'added time to first chunk, ms p50 / p99', 'firstChunkMs'));
    }
  }
  parts.push(costTable(results), ...workersTables(results));
  return [...parts, ...(notes.length > 0 ? [notes.join('\n')] : [])].join('\n\n');
}
