import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';
import { parsePromql } from '../promql/parse-promql.ts';
import { groupedLabelsOf } from '../promql/walk-promql.ts';
import { placeholder, toLogsLink } from './explore-link.ts';
import type { Target } from './panel-spec.ts';

/**
 * Labels of series that log lines carry as well, and by which fields: a series is of the model that was called, and
 * where that was asked for by another name a line has both.
 */
const LOGGED_FIELDS = {
  provider: ['provider'],
  model: ['model', 'target_model'],
  outcome: ['outcome'],
} as const;
const LOGGED_LABELS = ['provider', 'model', 'outcome'] as const;

type LoggedLabel = (typeof LOGGED_LABELS)[number];

function toLink(labels: readonly LoggedLabel[], toField: (label: string) => string): DashboardLinkBuilder {
  const filters = labels.map((label) => {
    const value = placeholder(toField(label));
    return ` | ${LOGGED_FIELDS[label].map((field) => `${field}=\`${value}\``).join(' or ')}`;
  });
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
