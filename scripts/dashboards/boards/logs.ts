import type { DashboardSpec } from '../build/panel-spec.ts';
import { countedLines, lines, row } from './panels.ts';

const OURS = 'app=~"gatewayz.*",env=~"$env"';
const ALL = `{${OURS}}`;
const CHOSEN = `{${OURS},level=~"$level"}`;
const ERRORS = `{${OURS},level="ERROR"}`;
const PROVIDER = '{app=~"gatewayz.*",env=~"$env",provider=~"$provider"}';

const counted = (by: string, selector: string): string => `sum by (${by}) (rate(${selector} [$__auto]))`;

/** Log lines: what is said, how often, and everything about one request. */
export const logs: DashboardSpec = {
  name: 'logs',
  title: 'Gatewayz / Logs',
  description:
    'Log lines by level, kind of error and provider, and everything that is said of one request. A line with a trace id leads to its trace.',
  rows: [
    row(
      'How many',
      countedLines('Lines by level', 'Log lines a second by level.', '{{level}}', counted('level', ALL)),
      countedLines(
        'Errors by kind',
        'Lines of the level ERROR by the kind of error.',
        '{{error_type}}',
        counted('error_type', ERRORS),
      ),
      countedLines(
        'Lines by provider',
        'Lines that speak of a provider, by provider and level.',
        '{{provider}} {{level}}',
        counted('provider, level', PROVIDER),
      ),
      countedLines(
        'Errors by model',
        'Lines of the level ERROR by model. The model is read from the line: it is no label.',
        '{{model}}',
        `sum by (model) (rate(${ERRORS} | json | model != "" [$__auto]))`,
      ),
    ),
    row(
      'Lines',
      lines(
        'Lines',
        'Lines of the chosen levels that contain the text above.',
        `${CHOSEN} |~ "(?i)$search" | json`,
      ),
      lines(
        'Errors',
        'What went wrong, newest first.',
        `${ERRORS} | json | line_format "{{.error_type}} {{.provider}} {{.model}} {{.message}}"`,
      ),
    ),
    row(
      'One request',
      lines(
        'Everything about one request',
        'Lines with the request id above, which clients get in x-request-id.',
        `${ALL} | json | request_id=\`$request_id\``,
      ),
    ),
  ],
};
