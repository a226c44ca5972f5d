import type { DashboardJson } from './dashboard-json.ts';
import type { Finding } from './dashboard-problem.ts';
import { variablesIn } from './variables-in.ts';

/** Grafana's own: `__interval`, `__rate_interval`, `__range`, `__from`, `__field`, … */
const isBuiltIn = (name: string): boolean => name.startsWith('__');
/** `$1` of a regular expression's groups. */
const isGroup = (name: string): boolean => /^\d+$/.test(name);

/** Every variable that is used exists, and every one that exists is used. */
export function* lintVariables(dashboard: DashboardJson): Generator<Finding> {
  const variables = dashboard.templating?.list ?? [];
  const defined = new Set(variables.map(({ name }) => name));
  const used = variablesIn(JSON.stringify(dashboard));
  for (const name of used) {
    if (!isBuiltIn(name) && !isGroup(name) && !defined.has(name)) {
      yield { place: 'dashboard', message: `the variable ${name} is used and does not exist` };
    }
  }
  for (const name of defined) {
    if (!used.has(name)) yield { place: `variable ${name}`, message: 'is not used' };
  }
}
