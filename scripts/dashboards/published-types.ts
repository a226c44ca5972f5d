import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';

/** Where the options of a panel's kind, and the query of a data source, are described. */
const MODULES: Readonly<Record<string, string>> = {
  timeseries: 'timeseries',
  stat: 'stat',
  bargauge: 'bargauge',
  'state-timeline': 'statetimeline',
  table: 'table',
  heatmap: 'heatmap',
  logs: 'logs',
  nodeGraph: 'nodegraph',
};
const WITH_FIELDS: ReadonlySet<string> = new Set(['timeseries', 'state-timeline', 'table', 'heatmap']);
const QUERY_TYPES: Readonly<Record<string, string>> = {
  prometheus: 'prometheus.Dataquery',
  loki: 'loki.dataquery',
  tempo: 'tempo.Dataquery',
};

/** Enums become their values, functions go: what is left is what a JSON text can say. */
const HEAD = `
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import type * as loki from '@grafana/grafana-foundation-sdk/loki';
import type * as tempo from '@grafana/grafana-foundation-sdk/tempo';
${Object.values(MODULES)
  .map((name) => `import type * as ${name} from '@grafana/grafana-foundation-sdk/${name}';`)
  .join('\n')}
type Plain<T> = unknown extends T ? unknown
  : T extends string ? \`\${T}\`
  : T extends number ? (\`\${T}\` extends \`\${infer N extends number}\` ? N : number)
  : T extends readonly (infer I)[] ? readonly Plain<I>[]
  : T extends object ? { readonly [K in keyof T as K extends '_implementsDataqueryVariant' | 'targets' ? never : K]: Plain<T[K]> }
  : T;
`;

function toChecks(panel: Panel, index: number): readonly string[] {
  const name = MODULES[panel.type];
  const queries = (panel.targets ?? []).map((target, number) => {
    const { datasource } = target as { datasource?: { type?: string } };
    const type = QUERY_TYPES[datasource?.type ?? ''] ?? 'never';
    return `export const query${index}_${number}: Plain<${type}> = ${JSON.stringify(target)};`;
  });
  if (name === undefined)
    return panel.type === 'row' ? [] : [`export const unknown${index}: never = '${panel.type}';`];
  const fields = JSON.stringify(panel.fieldConfig?.defaults.custom ?? {});
  return [
    `export const options${index}: Plain<${name}.Options> = ${JSON.stringify(panel.options ?? {})};`,
    ...(WITH_FIELDS.has(panel.type)
      ? [`export const fields${index}: Partial<Plain<${name}.FieldConfig>> = ${fields};`]
      : []),
    ...queries,
  ];
}

/**
 * A TypeScript text that compiles only where the dashboard fits Grafana's published types: itself, and what those
 * leave open, its panels' options, field settings and queries, each by the types of its own kind.
 */
export function toTypeCheck(dashboard: Dashboard): string {
  const withoutQueries = JSON.stringify(dashboard, (key, value: unknown) =>
    key === 'targets' ? undefined : value,
  );
  return [
    HEAD,
    `export const whole: Plain<dashboard.Dashboard> = ${withoutQueries};`,
    ...(dashboard.panels ?? []).flatMap((panel, index) => toChecks(panel as Panel, index)),
  ].join('\n');
}
