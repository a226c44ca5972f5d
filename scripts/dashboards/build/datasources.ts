import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';

/** The kinds of data sources; each is chosen by a variable of its own name. */
export const DATASOURCES = ['prometheus', 'loki', 'tempo'] as const;

export type DatasourceName = (typeof DATASOURCES)[number];

/** A reference by variable, so that a dashboard names no data source of one installation. */
export function toDatasource(name: DatasourceName): DataSourceRef {
  return { type: name, uid: `\${${name}}` };
}
