import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** One query of the repository, and where it is. */
export interface ShippedQuery {
  readonly language: 'logql' | 'traceql';
  readonly text: string;
  readonly file: string;
}

const LANGUAGES: Readonly<Record<string, ShippedQuery['language']>> = { loki: 'logql', tempo: 'traceql' };
const FENCE = /^```(logql|traceql)\n([\s\S]*?)^```/gm;

/** Every LogQL and TraceQL query that ships: in dashboards, rules, data sources and documents. */
export function findShippedQueries(root: string): readonly ShippedQuery[] {
  const read = (pattern: string, find: (text: string) => Iterable<Omit<ShippedQuery, 'file'>>) =>
    globSync(pattern, { cwd: root, exclude: (path) => path.includes('node_modules') })
      .sort()
      .flatMap((file) =>
        [...find(readFileSync(join(root, file), 'utf8'))].map((query) => ({ ...query, file })),
      );
  return [
    ...read('observability/grafana/dashboards/*.json', (text) => inDashboard(JSON.parse(text), null)),
    ...read('observability/loki/rules/**/*.yml', (text) => inRules(parse(text))),
    ...read('observability/grafana/provisioning/datasources/*.yaml', (text) => inDataSources(parse(text))),
    ...read('{*.md,{docs,observability,apps,packages,bench}/**/*.md}', inMarkdown),
  ];
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

/** A query is a text beside or below a data source of that kind, under one of the names that panels use. */
function* inDashboard(value: unknown, above: string | null): Generator<Omit<ShippedQuery, 'file'>> {
  if (!isObject(value)) return;
  const { datasource } = value;
  const own = isObject(datasource) && typeof datasource.type === 'string' ? datasource.type : above;
  const language = LANGUAGES[own ?? ''];
  for (const [name, inner] of Object.entries(value)) {
    const isQuery = typeof inner === 'string' && inner !== '' && (name === 'expr' || name === 'query');
    if (isQuery && language !== undefined && 'refId' in value) yield { language, text: inner };
    else yield* inDashboard(inner, own);
  }
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
}

function* inRules({ groups }: Rules): Generator<Omit<ShippedQuery, 'file'>> {
  for (const { rules } of groups) for (const { expr } of rules) yield { language: 'logql', text: expr };
}

interface DataSources {
  readonly datasources: readonly {
    readonly jsonData?: { readonly tracesToLogsV2?: { readonly query?: string } };
  }[];
}

function* inDataSources({ datasources }: DataSources): Generator<Omit<ShippedQuery, 'file'>> {
  for (const { jsonData } of datasources) {
    const query = jsonData?.tracesToLogsV2?.query;
    // There "$$" stands for "$".
    if (query !== undefined) yield { language: 'logql', text: query.replaceAll('$$', '$') };
  }
}

/** Blocks marked as one of the languages: queries with a blank line between them. */
function* inMarkdown(text: string): Generator<Omit<ShippedQuery, 'file'>> {
  for (const [, language, block = ''] of text.matchAll(FENCE)) {
    for (const query of block.split(/\n\s*\n/)) {
      if (query.trim() !== '') yield { language: language as ShippedQuery['language'], text: query };
    }
  }
}
