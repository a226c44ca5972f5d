import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { allBoards } from './boards/all-boards.ts';
import { buildDashboard } from './build/build-dashboard.ts';

/** Where the generated dashboards are, from the root. */
export const DASHBOARD_FOLDER = 'observability/grafana/dashboards';

/** Every dashboard by the name of its file. */
export function buildDashboards(): ReadonlyMap<string, Dashboard> {
  return new Map(allBoards.map((spec) => [`${spec.name}.json`, buildDashboard(spec)]));
}

/** The text of a dashboard's file. */
export function toDashboardText(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
