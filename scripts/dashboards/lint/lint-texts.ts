import { type DashboardJson, panelsOf } from './dashboard-json.ts';
import type { Finding } from './dashboard-problem.ts';

const LEAST_DESCRIPTION = 20;
/** Panels that show texts or graphs, not numbers. */
const WITHOUT_UNIT: ReadonlySet<string> = new Set(['row', 'logs', 'nodeGraph', 'text', 'traces']);

/** Every panel has a title of its own, a description, a query, and numbers a unit and thresholds. */
export function* lintTexts(dashboard: DashboardJson): Generator<Finding> {
  if (!dashboard.title || !dashboard.description)
    yield { place: 'dashboard', message: 'no title or description' };
  const seen = new Set<string>();
  for (const { title = '', description = '', type = '', fieldConfig, targets = [], datasource } of panelsOf(
    dashboard,
  )) {
    if (title === '') yield { place: '(a panel)', message: 'no title' };
    if (type === 'row') continue;
    if (seen.has(title)) yield { place: title, message: 'another panel has the same title' };
    seen.add(title);
    if (description.length < LEAST_DESCRIPTION) yield { place: title, message: 'no description' };
    if (targets.length === 0) yield { place: title, message: 'no query' };
    if (WITHOUT_UNIT.has(type) || datasource?.type === 'tempo') continue;
    if (!fieldConfig?.defaults?.unit) yield { place: title, message: 'no unit' };
    if (fieldConfig?.defaults?.thresholds === undefined) yield { place: title, message: 'no thresholds' };
  }
}
