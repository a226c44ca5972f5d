import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@gatewayz/testkit';
import { COMPATIBILITY_PAGE, toCompatibilityPage } from './compatibility-page.ts';
import { startDashboardStage } from './dashboard-stage.ts';
import { DASHBOARDS_PAGE, toDashboardsPage } from './dashboards-page.ts';
import { observe } from './observe.ts';
import { countPanels, OBSERVABILITY_PAGE, toCountsTable, withCounts } from './panel-counts.ts';

await using stage = await startDashboardStage();
const observation = await observe(stage);
writeFileSync(join(repositoryRoot, DASHBOARDS_PAGE), toDashboardsPage(observation));
writeFileSync(join(repositoryRoot, COMPATIBILITY_PAGE), toCompatibilityPage(observation));
const counts = countPanels(observation);
const page = join(repositoryRoot, OBSERVABILITY_PAGE);
writeFileSync(page, withCounts(readFileSync(page, 'utf8'), counts));
console.log(toCountsTable(counts));
