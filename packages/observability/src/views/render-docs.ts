import type { QuestionScope } from './answer.ts';
import { questionNameOf } from './render-summary.ts';
import { summaryFields } from './summary-fields.ts';
import { toPromql, toPromqlDuration } from './to-promql.ts';
import type { ViewDefinition } from './view-definition.ts';
import { viewDefinitions } from './view-definitions.ts';

/** Describes every value of the views as Markdown, with the PromQL that it is asked with. */
export function renderDocs(scope: QuestionScope, selector: string): string {
  const promql = (expression: ViewDefinition['expression']): string =>
    toPromql(expression, { ...scope, selector });
  const values = viewDefinitions.map((definition) => describe(definition, promql(definition.expression)));
  const rows = summaryFields.map((field) => {
    const scale = field.scale === 1 ? '' : ` × ${field.scale}`;
    return `| \`${questionNameOf(field)}\` | ${list(field.filters)} | ${code(promql(field.expression))}${scale} |`;
  });
  return [
    '# The views of `/prometheus/metrics`',
    INTRODUCTION,
    `The queries below are those of this request, its window being ${toPromqlDuration(scope.windowSeconds)}.`,
    '## The text views',
    ...values,
    '## The summary',
    ['| field | filters | PromQL |', '|---|---|---|', ...rows].join('\n'),
    '',
  ].join('\n\n');
}

const INTRODUCTION = `\`summary\` is JSON; \`system\`, \`providers\`, \`models\`, \`business\`, \`performance\` and \`all\` are Prometheus
text. With a Prometheus configured the numbers are those of all processes; without, or while it does not answer, they
are computed from this process's own samples by the same definitions. \`x-gatewayz-source\` says which,
\`x-gatewayz-age-seconds\` how old the samples are, \`x-gatewayz-partial\` whether something could not be asked for. What
is not known is \`null\` in the summary and absent in text.

Parameters: \`?window=\` from \`1m\` to \`1h\` (default \`5m\`), \`?provider=\`, \`?model=\`. With a filter that a value does
not take, the value is left out.`;

function describe(
  { name, help, type, unit, labels, views, filters }: ViewDefinition,
  promql: string,
): string {
  return [
    `### \`${name}\``,
    `${help}`,
    [
      `- type: ${type}; unit: ${unit}`,
      `- labels: ${list(labels)}`,
      `- views: ${list([...views, 'all'])}`,
      `- filters: ${list(filters)}`,
    ].join('\n'),
    `\`\`\`promql\n${promql}\n\`\`\``,
  ].join('\n\n');
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `\`${name}\``).join(', ');
}

/** Code in a table's cell: a bar would end the cell, a backtick the code. */
function code(text: string): string {
  const safe = text.replaceAll('|', '\\|');
  return safe.includes('`') ? `\`\` ${safe} \`\`` : `\`${safe}\``;
}
