/** One thing that is wrong with the configuration: where, and what was expected. */
export interface ConfigProblem {
  readonly path: string;
  readonly message: string;
}

/** Every problem of a configuration at once. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(source: string, problems: readonly ConfigProblem[]) {
    const lines = problems.map((problem) => `  ${problem.path || '(top level)'}: ${problem.message}`);
    const title = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super(`${title} in the configuration (${source}):\n${lines.join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
