import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@gatewayz/testkit';
import { sections } from '../../scripts/dashboards/catalogue/metric-catalogue.ts';
import type { Observation } from './observe.ts';
import { RIGHTLY_EMPTY } from './rightly-empty.ts';

/** Where the page is, from the root. */
export const COMPATIBILITY_PAGE = 'docs/compatibility.md';

const CONTRACT = 'packages/observability/src/__fixtures__/metric-contract.json';

const HEAD = `# Compatibility

Dashboards, recording rules and alerts that were written for the system before this one go on working: the metrics below have the names, types, labels and bucket bounds that they query. Metrics of the contract cannot change without a test that fails; those marked *ours* are additions, which no older dashboard knows.

## Check your own dashboards

\`\`\`sh
npm run check-dashboards -- path/to/*.json --prometheus http://127.0.0.1:9090
\`\`\`

It takes dashboards as Grafana exports them, from the oldest schema with rows to the newest, runs each Prometheus query of their panels, annotations and variables against that Prometheus over the last hour, and prints what it found:

| status | meaning |
|---|---|
| \`data\` | the query answers with at least one number |
| \`empty\` | it is right and its metrics exist, but nothing fits: the line says which label or value is the reason, where that can be told |
| \`unknown metric\` | Prometheus has no metric of that name in the time that is asked for |
| \`invalid\` | Prometheus refuses the expression; its own words are shown |

Variables count as “any value”: what is checked is whether a panel can have data, not whether the values that were chosen last still exist. Windows made by Grafana (\`$__rate_interval\`, \`$__interval\`, \`$__range\`) get lengths that fit. Queries of other data sources are counted and left alone. With \`--json\` the same comes as data; \`--hours N\` asks for another time; \`--strict\` lets \`empty\` fail too. A Prometheus that wants a bearer token gets the one in \`PROMETHEUS_TOKEN\`; name and password may stand in the URL. It exits with 1 where something is \`invalid\` or \`unknown metric\`, with 2 where it could not check.

A metric that is \`unknown\` in your run and listed below is one that nothing has counted yet: most appear with the first thing that they count. What they wait for stands in the table.

## Metrics and labels

*exported*: seen in the scrape of a run of the whole product with traffic and faults, with all its labels. Otherwise what it takes for it to appear. The table is made by \`node tests/dashboards/write-observed-pages.ts\` from the contract and such a run, and held by a test. Every series has the labels of your scrape configuration besides (\`job\`, \`instance\`, \`env\`), a histogram's buckets \`le\`.
`;

function readContract(): ReadonlySet<string> {
  const text = readFileSync(join(repositoryRoot, CONTRACT), 'utf8');
  const rows = Object.values(JSON.parse(text) as Record<string, readonly { name: string }[]>).flat();
  return new Set(rows.map(({ name }) => name));
}

/** prom-client's own names; the rest of that section is about the registry. */
function isOfPromClient(name: string): boolean {
  return /^(?:process|nodejs)_/.test(name);
}

/** Every metric with its labels and whether a run showed it. */
export function toCompatibilityPage({ labels }: Observation): string {
  const contract = readContract();
  const tables = sections.map(([title, metrics]) => {
    const rows = metrics.map((metric) => {
      const { name, type } = metric;
      const status = labels.has(name) ? 'exported' : `needs ${RIGHTLY_EMPTY[name] ?? '?'}`;
      const origin = contract.has(name) || isOfPromClient(name) ? 'contract' : 'ours';
      const shown = metric.labels.map((label) => `\`${label}\``).join(', ');
      return `| \`${name}\` | ${type} | ${shown} | ${origin} | ${status} |`;
    });
    const head = ['| metric | type | labels | from | status |', '|---|---|---|---|---|'];
    return [`### ${title}\n`, ...head, ...rows].join('\n');
  });
  return `${[HEAD, ...tables.map((table) => `${table}\n`)].join('\n')}`;
}
