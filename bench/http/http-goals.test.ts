import { describe, expect, it } from 'vitest';
import type { JobResult } from '../load/job.ts';
import type { CandidateName } from './candidates.ts';
import { httpGoals } from './http-goals.ts';
import { HttpResults } from './http-results.ts';
import { httpTables } from './http-tables.ts';
import { scenarios } from './scenarios.ts';

function result(perSecond: number, cpuShare: number): JobResult {
  const latency = { p50: 1, p99: 2 };
  return {
    answers: perSecond,
    perSecond,
    latencyMs: latency,
    firstChunkMs: latency,
    cpuShare,
    errors: {},
    unanswered: 0,
  };
}

type Figures = Readonly<Partial<Record<CandidateName, Readonly<Record<string, JobResult>>>>>;

function resultsOf(figures: Figures): HttpResults {
  const names = Object.keys(figures) as CandidateName[];
  const round = new Map(
    names.map((name) => [
      name,
      { results: new Map(Object.entries(figures[name] ?? {})), peakMemoryMib: 100 },
    ]),
  );
  const closed = scenarios([1, 16, 64]).filter(({ stream, loop }) => !stream && loop.kind === 'closed');
  return new HttpResults(names, closed, [round]);
}

const one = {
  'plain@1': result(1_000, 0.5),
  'plain@16': result(10_000, 1),
  'plain@64': result(12_000, 1),
};
const two = {
  'plain@1': result(1_000, 1),
  'plain@16': result(9_000, 0.9),
  'plain@64': result(18_000, 1.6),
};

function workersGoal(figures: Figures) {
  return httpGoals(resultsOf(figures)).find(({ what }) => what.startsWith('requests per CPU second'));
}

describe('the goal of two workers', () => {
  it('compares requests per CPU second at the loads that fill a core, and says which', () => {
    expect(workersGoal({ gatewayz: one, 'workers-2': two })).toEqual({
      what: 'requests per CPU second, workers-2 at 2 × N connections ÷ gatewayz at N',
      goal: '≥ 0.95',
      measured: '1.00 at 32 against 16, 0.94 at 128 against 64',
      met: false,
    });
  });

  it('is met where no load is below it', () => {
    const better = { ...two, 'plain@64': result(18_000, 1.5) };
    expect(workersGoal({ gatewayz: one, 'workers-2': better })?.met).toBe(true);
  });

  it('is not measured without both', () => {
    expect(workersGoal({ gatewayz: one })).toMatchObject({ measured: '–', met: null });
  });
});

describe('the tables', () => {
  it('keep workers, whose load is another, out of all but their own', () => {
    const tables = httpTables(resultsOf({ direct: one, gatewayz: one, 'workers-2': two })).split('\n\n');
    const named = tables.filter((text) => text.includes('workers-2'));
    expect(named).toHaveLength(1);
    expect(named[0]).toContain('for each worker');
    expect(named[0]).toMatch(
      /requests, 64 connections +\| +83\.3 \(100 %\) \| +88\.9 \(160 %\) \| +0\.94 \| +1\.50 \|/,
    );
  });
});
