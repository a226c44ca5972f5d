import { repositoryRoot } from '@gatewayz/testkit';
import { parser as logqlParser } from '@grafana/lezer-logql';
import { parser as traceqlParser } from '@grafana/lezer-traceql';
import { describe, expect, test } from 'vitest';
import { findShippedQueries, type ShippedQuery } from './shipped-queries.ts';

const PARSERS = { logql: logqlParser, traceql: traceqlParser } as const;
const queries = findShippedQueries(repositoryRoot);

/** Where a query stops being one; null where all of it is. */
function errorAt({ language, text }: Pick<ShippedQuery, 'language' | 'text'>): number | null {
  let at: number | null = null;
  PARSERS[language].parse(withValues(text)).iterate({
    enter({ type, from }) {
      if (type.isError) at ??= from;
    },
  });
  return at;
}

/** What Grafana puts in before it sends a query. */
function withValues(text: string): string {
  return text.replace(/\[\$__\w+\]/g, '[1m]').replace(/\$\{[^}]*\}|\$\w+/g, 'x');
}

describe('queries that ship', () => {
  test('are found in dashboards, rules, data sources and documents, of both languages', () => {
    const places = new Set(queries.map(({ file, language }) => `${language} ${file}`));
    expect([...places]).toEqual(
      expect.arrayContaining([
        'logql observability/grafana/dashboards/logs.json',
        'traceql observability/grafana/dashboards/traces.json',
        'logql observability/loki/rules/fake/gatewayz.yml',
        'logql observability/grafana/provisioning/datasources/gatewayz.yaml',
        'logql docs/telemetry.md',
        'traceql docs/telemetry.md',
      ]),
    );
  });

  test.each(queries)('parse as $language: $text', (query) => {
    expect([query.file, query.text, errorAt(query)]).toEqual([query.file, query.text, null]);
  });

  test('select levels as lines have them, in capitals', () => {
    const levels = queries
      .filter(({ language }) => language === 'logql')
      .flatMap(({ file, text }) =>
        [...text.matchAll(/\blevel\s*=~?\s*["`]([^"`]+)["`]/g)].map(([, level]) => [file, level] as const),
      );
    expect(levels.length).toBeGreaterThan(0);
    expect(
      levels.filter(([, level = '']) => level !== level.toUpperCase() && !level.startsWith('$')),
    ).toEqual([]);
  });
});

test('what is no query is found to be none', () => {
  expect(errorAt({ language: 'logql', text: '{app=~"gatewayz.*"' })).not.toBeNull();
  expect(errorAt({ language: 'logql', text: 'rate({app="x"}[5m)' })).not.toBeNull();
  expect(errorAt({ language: 'traceql', text: '{ span.x = }' })).not.toBeNull();
  expect(errorAt({ language: 'traceql', text: '{ status = error } | select(span.a)' })).toBeNull();
});
