import type { JobResult } from '../load/job.ts';
import { median } from '../report/median.ts';
import type { CandidateName } from './candidates.ts';
import type { Scenario } from './scenarios.ts';

/** One candidate in one round: results by scenario name, or why there are none. */
export interface CandidateRound {
  readonly results: ReadonlyMap<string, JobResult | { readonly failure: string }>;
  readonly peakMemoryMib: number | null;
}

/** One round: every candidate under every load. */
export type Round = ReadonlyMap<CandidateName, CandidateRound>;

/** Answers for each second of the process's CPU time, and of that of the processes that it has started. */
export function perCpuSecond({ perSecond, cpuShare }: JobResult): number {
  return perSecond / cpuShare;
}

/** All rounds, and what they were made of. */
export class HttpResults {
  readonly candidates: readonly CandidateName[];
  readonly scenarios: readonly Scenario[];
  readonly rounds: readonly Round[];

  constructor(
    candidates: readonly CandidateName[],
    scenarios: readonly Scenario[],
    rounds: readonly Round[],
  ) {
    this.candidates = candidates;
    this.scenarios = scenarios;
    this.rounds = rounds;
  }

  /** Why the figures of a candidate under a load cannot be used, or null where they can. */
  fault(candidate: CandidateName, scenario: string): string | null {
    for (const round of this.rounds) {
      const result = round.get(candidate)?.results.get(scenario);
      if (result === undefined) {
        return 'not run';
      }
      if ('failure' in result) {
        return result.failure;
      }
      const errors = Object.entries(result.errors);
      if (errors.length > 0) {
        return `invalid: ${errors.map(([reason, count]) => `${count} × ${reason}`).join(', ')}`;
      }
    }
    return null;
  }

  /** The median over rounds of a figure; null where the candidate has none under this load. */
  figure(candidate: CandidateName, scenario: string, read: (result: JobResult) => number): number | null {
    if (this.fault(candidate, scenario) !== null) {
      return null;
    }
    return median(this.#values(candidate, scenario, read));
  }

  /** The per-round differences or quotients of two candidates' figures; empty where one has none. */
  paired(
    candidate: CandidateName,
    base: CandidateName,
    scenario: string,
    read: (result: JobResult) => number,
    combine: (value: number, baseValue: number) => number,
  ): readonly number[] {
    if (this.fault(candidate, scenario) !== null || this.fault(base, scenario) !== null) {
      return [];
    }
    const bases = this.#values(base, scenario, read);
    return this.#values(candidate, scenario, read).map((value, round) =>
      combine(value, bases[round] ?? Number.NaN),
    );
  }

  /** The median over rounds of the most memory a candidate's process had, in MiB. */
  memory(candidate: CandidateName): number | null {
    const values = this.rounds.map((round) => round.get(candidate)?.peakMemoryMib ?? null);
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : median(known);
  }

  #values(candidate: CandidateName, scenario: string, read: (result: JobResult) => number): number[] {
    const results = this.rounds.map((round) => round.get(candidate)?.results.get(scenario));
    return results.flatMap((result) => (result === undefined || 'failure' in result ? [] : [read(result)]));
  }
}
