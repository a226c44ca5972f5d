import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCES, toDatasource } from './datasources.ts';

const ALL = { text: 'All', value: '$__all', selected: true };

function fromPrometheus(name: string, label: string, metric: string): Builder<VariableModel> {
  const filter = name === 'env' ? '' : '{env=~"$env"}';
  return fromQuery(name, label, `label_values(${metric}${filter}, ${name})`).datasource(
    toDatasource('prometheus'),
  );
}

function fromLoki(name: string, label: string): Builder<VariableModel> {
  const query = { refId: 'A', type: 1, label: name, stream: '{app=~"gatewayz.*"}' };
  return fromQuery(name, label, query).datasource(toDatasource('loki'));
}

function fromQuery(
  name: string,
  label: string,
  query: string | Record<string, unknown>,
): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current(ALL);
}

/** Every variable that a dashboard may use, in the order in which they are shown. */
const VARIABLES: readonly (readonly [name: string, build: (signals: Signals) => Builder<VariableModel>])[] = [
  ...DATASOURCES.map((name) => {
    const label = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    return [name, () => new DatasourceVariableBuilder(name).label(label).type(name)] as const;
  }),
  [
    'env',
    ({ hasMetrics }) =>
      hasMetrics ? fromPrometheus('env', 'Environment', 'fastapi_app_info') : fromLoki('env', 'Environment'),
  ],
  [
    'provider',
    ({ hasMetrics }) =>
      hasMetrics
        ? fromPrometheus('provider', 'Provider', 'provider_availability')
        : fromLoki('provider', 'Provider'),
  ],
  ['model', () => fromPrometheus('model', 'Model', 'model_inference_requests_total')],
  ['level', () => fromLoki('level', 'Level')],
  ['search', () => toTextBox('search', 'Contains')],
  ['request_id', () => toTextBox('request_id', 'Request id')],
];

function toTextBox(name: string, label: string): Builder<VariableModel> {
  return new TextBoxVariableBuilder(name).label(label).defaultValue('');
}

/** What the variables of a dashboard may be asked of. */
export interface Signals {
  readonly hasMetrics: boolean;
}

/** The variables that `isUsed` says a dashboard uses. */
export function buildVariables(
  isUsed: (name: string) => boolean,
  signals: Signals,
): readonly Builder<VariableModel>[] {
  return VARIABLES.filter(([name]) => isUsed(name)).map(([, build]) => build(signals));
}
