import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildDashboards, DASHBOARD_FOLDER, toDashboardText } from './dashboard-files.ts';

const folder = join(import.meta.dirname, '../..', DASHBOARD_FOLDER);
const dashboards = buildDashboards();

mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) {
  if (!dashboards.has(name)) rmSync(join(folder, name));
}
for (const [name, dashboard] of dashboards) {
  writeFileSync(join(folder, name), toDashboardText(dashboard));
  console.log(`${DASHBOARD_FOLDER}/${name}`);
}
