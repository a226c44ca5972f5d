import type { JobResult } from '../load/job.ts';
import type { Goal } from '../report/goal.ts';
import { median } from '../report/median.ts';
import { figure, milliseconds } from '../report/table.ts';
import type { CandidateName } from './candidates.ts';
import { type HttpResults, perCpuSecond } from './http-results.ts';
import { addedMs } from './http-tables.ts';
import { fillsCore } from './scenarios.ts';
import { telemetryGoals, telemetryNames } from './telemetry-candidates.ts';
import { workersOf } from './workers-launch.ts';

/** The quotients at the loads that fill the core, by connections. */
function quotients(
  results: HttpResults,
  candidate: CandidateName,
  base: CandidateName,
  stream: boolean,
  read: (result: JobResult) => number = perSecond,
): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const scenario of results.scenarios) {
    const { name, loop } = scenario;
    if (scenario.stream !== stream || loop.kind !== 'closed' || !fillsCore(scenario)) {
      continue;
    }
    const ratios = results.paired(candidate, base, name, read, (value, other) => value / other);
    if (ratios.length > 0) {
      found.set(loop.connections, median(ratios));
    }
  }
  return found;
}

function throughputGoal(
  results: HttpResults,
  base: CandidateName,
  stream: boolean,
  wanted: number,
  candidate: CandidateName = 'gatewayz',
): Goal {
  const found = [...quotients(results, candidate, base, stream)];
  const words = found.map(([connections, ratio]) => `${figure(ratio)} at ${connections}`);
  return {
    what: `${stream ? 'streams' : 'requests'} per second${candidate === 'gatewayz' ? '' : `, ${candidate}`} ÷ ${base}`,
    goal: `≥ ${wanted}`,
    measured: words.join(', ') || figure(null),
    met: found.length === 0 ? null : found.every(([, ratio]) => ratio >= wanted),
  };
}

function perSecond(result: JobResult): number {
  return result.perSecond;
}

/** What several workers cost more than one process, by CPU time, where each has the connections of that process. */
function workersGoal(results: HttpResults, stream: boolean, wanted: number): Goal {
  const candidate = 'workers-2';
  const workers = workersOf(candidate);
  const found = [...quotients(results, candidate, 'gatewayz', stream, perCpuSecond)];
  const words = found.map(
    ([connections, ratio]) => `${figure(ratio)} at ${workers * connections} against ${connections}`,
  );
  return {
    what: `${stream ? 'streams' : 'requests'} per CPU second, ${candidate} at ${workers} × N connections ÷ gatewayz at N`,
    goal: `≥ ${wanted}`,
    measured: words.join(', ') || figure(null),
    met: found.length === 0 ? null : found.every(([, ratio]) => ratio >= wanted),
  };
}

function addedGoal(
  results: HttpResults,
  what: string,
  scenario: string,
  read: (result: JobResult) => number,
  wanted: number,
): Goal {
  const measured = addedMs(results, 'gatewayz', scenario, read);
  return {
    what,
    goal: `≤ ${wanted} ms`,
    measured: `${milliseconds(measured)}${measured === null ? '' : ' ms'}`,
    met: measured === null ? null : measured <= wanted,
  };
}

/** The HTTP part's goals beside what was measured. */
export function httpGoals(results: HttpResults): readonly Goal[] {
  return [
    throughputGoal(results, 'bare', false, 0.6),
    throughputGoal(results, 'bare', true, 0.6),
    throughputGoal(results, 'portkey', false, 12),
    throughputGoal(results, 'portkey', true, 12),
    ...(['sqlite', 'postgres'] as const).flatMap((database) =>
      [false, true].map((stream) => throughputGoal(results, 'no-ledger', stream, 0.85, database)),
    ),
    ...telemetryNames
      .filter((name) => results.candidates.includes(name))
      .flatMap((name) =>
        [false, true].map((stream) =>
          throughputGoal(results, 'gatewayz', stream, telemetryGoals[name], name),
        ),
      ),
    workersGoal(results, false, 0.95),
    workersGoal(results, true, 0.95),
    addedGoal(
      results,
      'added p50 at 2,000 requests/s',
      'plain@2000/s',
      ({ latencyMs }) => latencyMs.p50,
      0.2,
    ),
    addedGoal(
      results,
      'added to the first chunk, p50 at 200 streams/s',
      'stream@200/s',
      ({ firstChunkMs }) => firstChunkMs.p50,
      0.4,
    ),
  ];
}
