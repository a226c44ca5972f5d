import { formatSeries } from './format-series.ts';
import { type Observation, type ObservedQuery, readDashboards } from './observe.ts';
import { countPanels, toCountsTable } from './panel-counts.ts';

/** Where the page is, from the root. */
export const DASHBOARDS_PAGE = 'docs/dashboards.md';

const HEAD = `# Dashboards

Nine, in the folder Gatewayz of Grafana, as code: \`npm run dashboards\` writes \`observability/grafana/dashboards\` from \`scripts/dashboards\`, with names and labels from the catalogue of metrics. They name no data source, environment, provider or model: variables do. What is wrong with one is found by a linter (\`scripts/dashboards/lint\`), and every file is held against the types that Grafana publishes.

From a number to its cause: a panel's series leads to the log lines of the same provider, model or outcome and time; a line with a trace id leads to its trace; a point on a latency panel is a sampled request and leads to its trace; a span leads back to its lines. Regions mark open breakers and incidents.

Variables: **Environment** is the label \`env\` of the scrape jobs, for logs the label \`env\` of the streams, for spans \`deployment.environment\`. **Provider** and **Model** are the labels of those names.

The tables below come from a run of the whole product against providers that fail, refuse, stall and cut, with a Prometheus that scrapes it: every query was executed. \`node tests/dashboards/write-observed-pages.ts\` makes this page anew; a test holds all of it but the answers, which are the first series of that run and its last value. LogQL and TraceQL are read by Grafana's own grammars, and not run.
`;

/** What a page of one run shows that the next run need not. */
const ANSWER = /(?<=\| )(?:`[^`\n]*` )?-?[\d.e+-]+(?: and \d+ more)?(?= \|$)/gm;

function toCell(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function toAnswer({ series, emptiness }: ObservedQuery): string {
  if (series === null) return 'read';
  return series.length === 0 ? `empty: needs ${emptiness ?? '?'}` : formatSeries(series);
}

function toSection(title: string, description: string, queries: readonly ObservedQuery[]): string {
  const rows = queries.map(
    (observed) => `| ${observed.query.place} | ${toCell(observed.query.text)} | ${toAnswer(observed)} |`,
  );
  return [`## ${title}\n\n${description}\n`, '| panel | query | answer |', '|---|---|---|', ...rows].join(
    '\n',
  );
}

/** The page of the dashboards, as a run shows them. */
export function toDashboardsPage(observation: Observation): string {
  const sections = readDashboards().map(([file, { title = '', description = '' }]) =>
    toSection(
      title.replace('Gatewayz / ', ''),
      description,
      observation.queries.filter(({ dashboard }) => `${dashboard}.json` === file),
    ),
  );
  return `${[HEAD, `${toCountsTable(countPanels(observation))}\n`, ...sections.map((text) => `${text}\n`)].join('\n')}`;
}

/** The page without what another run may answer otherwise. */
export function withoutAnswers(page: string): string {
  return page.replace(ANSWER, 'data');
}
