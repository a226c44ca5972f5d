import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';
import { parsePromql } from '../promql/parse-promql.ts';
import { groupedLabelsOf } from '../promql/walk-promql.ts';
import { placeholder, toLogsLink } from './explore-link.ts';
import type { Target } from './panel-spec.ts';

/** Labels of series that log lines carry as well, by the name that they have there. */
const LOGGED_LABELS = ['provider', 'model', 'outcome'] as const;

function toLink(labels: readonly string[], toField: (label: string) => string): DashboardLinkBuilder {
  const filters = labels.map((label) => ` | ${label}=\`${placeholder(toField(label))}\``);
  return new DashboardLinkBuilder('Log lines')
    .type(DashboardLinkType.Link)
    .url(toLogsLink(`{app=~"gatewayz.*"} | json${filters.join('')}`))
    .tooltip('The log lines of this time')
    .targetBlank(true);
}

/**
 * The link from a panel's series to the log lines of the same provider, model or outcome. Only labels that every
 * query of the panel groups by are used: the others are not on the series.
 */
export function toSeriesLink(targets: readonly Target[]): DashboardLinkBuilder {
  const grouped = targets.map(({ expression }) => groupedLabelsOf(parsePromql(expression)));
  const labels = LOGGED_LABELS.filter((label) => grouped.every((names) => names.includes(label)));
  return toLink(labels, (label) => `__field.labels.${label}`);
}

/** The same from a row of a table, which those labels name. */
export function toRowLink(rowLabels: readonly string[]): DashboardLinkBuilder {
  const labels = LOGGED_LABELS.filter((label) => rowLabels.includes(label));
  return toLink(labels, (label) => `__data.fields.${label}`);
}
