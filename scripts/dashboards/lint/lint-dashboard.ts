import type { DashboardJson } from './dashboard-json.ts';
import type { DashboardProblem, Finding } from './dashboard-problem.ts';
import { lintDatasources } from './lint-datasources.ts';
import { lintLayout } from './lint-layout.ts';
import { lintPromql } from './lint-promql.ts';
import { lintSignals } from './lint-signals.ts';
import { lintTexts } from './lint-texts.ts';
import { lintVariables } from './lint-variables.ts';

const RULES: Readonly<Record<string, (dashboard: DashboardJson) => Iterable<Finding>>> = {
  layout: lintLayout,
  texts: lintTexts,
  datasources: lintDatasources,
  variables: lintVariables,
  promql: lintPromql,
  signals: lintSignals,
};

/** What is wrong with a dashboard of ours. */
export function lintDashboard(dashboard: DashboardJson): readonly DashboardProblem[] {
  return Object.entries(RULES).flatMap(([rule, find]) =>
    [...find(dashboard)].map((finding) => ({ rule, ...finding })),
  );
}
