import type { DataTransformerConfig, DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';
import { toPrometheusQueries } from './build-targets.ts';
import { toDatasource } from './datasources.ts';
import { frame, type Place, toThresholds } from './panel-frame.ts';
import { toRowLink } from './panel-links.ts';
import type { TablePanel } from './panel-spec.ts';

/** Joins the queries' answers by their labels, and calls each column by its legend. */
function toTransformations({ columns, labels }: TablePanel): DataTransformerConfig[] {
  // A single answer's column is called "Value", several are told apart by their queries.
  const isAlone = columns.length === 1;
  const names = columns.map(({ legend }, index) => [
    isAlone ? 'Value' : `Value #${String.fromCharCode(65 + index)}`,
    legend,
  ]);
  const indexByName = [...labels, ...names.map(([value]) => value)].map((name, index) => [name, index]);
  return [
    { id: 'merge', options: {} },
    {
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(indexByName),
        renameByName: Object.fromEntries(names),
      },
    },
  ];
}

function toProperties({ unit, thresholds }: TablePanel['columns'][number]): DynamicConfigValue[] {
  const properties: DynamicConfigValue[] = [{ id: 'unit', value: unit }];
  if (thresholds === undefined) return properties;
  return [
    ...properties,
    { id: 'thresholds', value: toThresholds(thresholds).build() },
    { id: 'custom.cellOptions', value: { type: 'color-text' } },
  ];
}

/** Makes a table of the queries' last values. */
export function buildTable(spec: TablePanel, place: Place): PanelBuilder {
  const builder = frame(new PanelBuilder(), spec, place, toDatasource('prometheus'))
    .unit('short')
    .targets(toPrometheusQueries(spec.columns, { isInstant: true, format: PromQueryFormat.Table }))
    .thresholds(toThresholds([[null, 'text']]))
    .dataLinks([toRowLink(spec.labels)])
    .transformations(toTransformations(spec));
  for (const column of spec.columns) builder.overrideByName(column.legend, toProperties(column));
  return builder;
}
