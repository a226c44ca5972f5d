import { type DashboardJson, type DatasourceJson, panelsOf } from './dashboard-json.ts';
import type { Finding } from './dashboard-problem.ts';

/** Data sources are named by variables of the dashboard, and links go to no host. */
export function* lintDatasources(dashboard: DashboardJson): Generator<Finding> {
  const variables = dashboard.templating?.list ?? [];
  const known = new Map(
    variables.filter(({ type }) => type === 'datasource').map(({ name, query }) => [`\${${name}}`, query]),
  );
  const complaint = (place: string, datasource: DatasourceJson | undefined): readonly Finding[] => {
    if (datasource?.uid === undefined) return [{ place, message: 'names no data source' }];
    const type = known.get(datasource.uid);
    if (type === undefined) return [{ place, message: `a hard-coded data source: ${datasource.uid}` }];
    if (type !== datasource.type) return [{ place, message: `${datasource.uid} is no ${datasource.type}` }];
    return [];
  };
  for (const panel of panelsOf(dashboard)) {
    const { title = '', type, datasource, targets = [], fieldConfig } = panel;
    if (type !== 'row') yield* complaint(title, datasource);
    for (const target of targets) yield* complaint(`${title}, query ${target.refId}`, target.datasource);
    for (const { url = '' } of fieldConfig?.defaults?.links ?? []) {
      if (!url.startsWith('/')) yield { place: title, message: `a link to a host: ${url}` };
    }
  }
  for (const { name, type, datasource } of variables) {
    if (type === 'query') yield* complaint(`variable ${name}`, datasource);
  }
  for (const { name, builtIn, datasource } of dashboard.annotations?.list ?? []) {
    if (builtIn !== 1) yield* complaint(`annotation ${name}`, datasource);
  }
}
