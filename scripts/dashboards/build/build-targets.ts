import { DataqueryBuilder as LokiQuery } from '@grafana/grafana-foundation-sdk/loki';
import {
  DataqueryBuilder as PrometheusQuery,
  PromQueryFormat,
} from '@grafana/grafana-foundation-sdk/prometheus';
import { SearchTableType, DataqueryBuilder as TempoQuery } from '@grafana/grafana-foundation-sdk/tempo';
import { HISTOGRAMS_WITH_EXEMPLARS } from '../catalogue/metric-catalogue.ts';
import { parsePromql } from '../promql/parse-promql.ts';
import { selectorsOf } from '../promql/walk-promql.ts';
import { toDatasource } from './datasources.ts';
import type { Target } from './panel-spec.ts';

function refIdOf(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}

/** Whether its points can be followed to the traces of single requests. */
function hasExemplars(expression: string): boolean {
  return selectorsOf(parsePromql(expression)).some(({ metric }) =>
    HISTOGRAMS_WITH_EXEMPLARS.some((histogram) => metric === `${histogram}_bucket`),
  );
}

/** Queries of Prometheus: over time, or where `isInstant` their last value. */
export function toPrometheusQueries(
  targets: readonly Target[],
  how: { readonly isInstant?: boolean; readonly format?: PromQueryFormat } = {},
): PrometheusQuery[] {
  return targets.map(({ expression, legend }, index) => {
    const query = new PrometheusQuery()
      .refId(refIdOf(index))
      .datasource(toDatasource('prometheus'))
      .expr(expression)
      .legendFormat(legend)
      .format(how.format ?? PromQueryFormat.TimeSeries)
      .exemplar(how.isInstant !== true && hasExemplars(expression));
    return how.isInstant === true ? query.instant() : query.range();
  });
}

/** Queries of Loki: log lines, or what is counted of them. */
export function toLokiQueries(targets: readonly Target[]): LokiQuery[] {
  return targets.map(({ expression, legend }, index) =>
    new LokiQuery()
      .refId(refIdOf(index))
      .datasource(toDatasource('loki'))
      .expr(expression)
      .legendFormat(legend)
      .queryType('range'),
  );
}

/** A search for traces in TraceQL. */
export function toTempoSearch(query: string): TempoQuery {
  return new TempoQuery()
    .refId('A')
    .datasource(toDatasource('tempo'))
    .queryType('traceql')
    .query(query)
    .limit(20)
    .tableType(SearchTableType.Traces)
    .filters([]);
}

/** Tempo's service map. */
export function toServiceMapQuery(): TempoQuery {
  return new TempoQuery().refId('A').datasource(toDatasource('tempo')).queryType('serviceMap').filters([]);
}
