import { parser as logqlParser } from '@grafana/lezer-logql';
import { parser as traceqlParser } from '@grafana/lezer-traceql';
import { readLogsLink } from '../build/explore-link.ts';
import { type DashboardJson, panelsOf, queriesOf } from './dashboard-json.ts';
import type { Finding } from './dashboard-problem.ts';

interface Parser {
  parse(text: string): {
    iterate(spec: { enter(node: { type: { isError: boolean }; from: number }): void }): void;
  };
}

/** Where a text stops being what the grammar knows; null where it is all of it. */
function errorAt(parser: Parser, text: string): number | null {
  let at: number | null = null;
  parser.parse(text).iterate({
    enter({ type, from }) {
      if (type.isError) at ??= from;
    },
  });
  return at;
}

/** Grafana puts values in before a query is sent; the grammar of windows knows durations alone. */
function withValues(text: string): string {
  return text.replace(/\[\$__\w+\]/g, '[1m]').replace(/\$\{[^}]*\}|\$\w+/g, 'x');
}

/** Where LogQL cannot be read; null where it can. */
export function logqlErrorAt(text: string): number | null {
  return errorAt(logqlParser, withValues(text));
}

/** Where TraceQL cannot be read; null where it can. */
export function traceqlErrorAt(text: string): number | null {
  return errorAt(traceqlParser, withValues(text));
}

/** Every LogQL and TraceQL can be read, that of links to log lines too. */
export function* lintSignals(dashboard: DashboardJson): Generator<Finding> {
  for (const { language, text, place, refId } of queriesOf(dashboard)) {
    const at =
      language === 'logql' ? logqlErrorAt(text) : language === 'traceql' ? traceqlErrorAt(text) : null;
    if (at !== null) yield { place: `${place}, query ${refId}`, message: `no ${language} at ${at}: ${text}` };
  }
  for (const { title = '', fieldConfig } of panelsOf(dashboard)) {
    for (const { url = '' } of fieldConfig?.defaults?.links ?? []) {
      const query = readLogsLink(url);
      if (query === null) yield { place: title, message: `a link to something else than log lines: ${url}` };
      else if (logqlErrorAt(query) !== null) yield { place: title, message: `no logql in a link: ${query}` };
    }
  }
}
