import { at, type JsonObject, objectsOf, textOf } from './json-value.ts';

/** What a query's data source is: another one's queries are no PromQL. */
export type DatasourceKind = 'prometheus' | 'other';

const PROMETHEUS_TYPES: ReadonlySet<string> = new Set([
  'prometheus',
  'grafana-amazonprometheus-datasource',
  'grafana-azureprometheus-datasource',
]);
const MIXED = '-- Mixed --';
/** For files of times when a data source was a name alone. */
const OTHER_NAMES =
  /loki|tempo|jaeger|elastic|influx|graphite|mysql|postgres|cloudwatch|grafana --|dashboard --|__expr__/i;

function kindOfType(type: string): DatasourceKind {
  return PROMETHEUS_TYPES.has(type) ? 'prometheus' : 'other';
}

/** The kinds of data sources that are variables or inputs of the file, by their names. */
function readNamedKinds(dashboard: JsonObject): ReadonlyMap<string, DatasourceKind> {
  const kinds = new Map<string, DatasourceKind>();
  for (const input of objectsOf(dashboard.__inputs)) {
    const [name, type] = [textOf(input.name), textOf(input.pluginId)];
    if (name !== null && type !== null) kinds.set(name, kindOfType(type));
  }
  for (const variable of objectsOf(at(dashboard, 'templating', 'list'))) {
    const [name, type] = [textOf(variable.name), textOf(variable.query)];
    if (variable.type === 'datasource' && name !== null && type !== null) kinds.set(name, kindOfType(type));
  }
  return kinds;
}

function nameInVariable(reference: string): string | null {
  const match = /^(?:\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)\]\])$/.exec(reference);
  return match === null ? null : (match[1] ?? match[2] ?? match[3] ?? null);
}

/** Makes the function that tells of a query, from its own reference and its panel's, whether it is of Prometheus. */
export function createDatasourceKinds(
  dashboard: JsonObject,
): (own: unknown, ofPanel: unknown) => DatasourceKind {
  const named = readNamedKinds(dashboard);

  function kindOf(reference: unknown): DatasourceKind | null {
    const type = textOf(at(reference, 'type')) ?? textOf(at(reference, 'group'));
    if (type !== null && type !== 'datasource') return kindOfType(type);
    const name = textOf(reference) ?? textOf(at(reference, 'uid')) ?? textOf(at(reference, 'name'));
    if (name === null || name === MIXED || name === 'default') return null;
    const variable = nameInVariable(name);
    const ofVariable = variable === null ? undefined : named.get(variable);
    if (ofVariable !== undefined) return ofVariable;
    return OTHER_NAMES.test(name) ? 'other' : 'prometheus';
  }

  // A dashboard that names none uses Grafana's default, which for a file with `expr` can only be guessed.
  return (own, ofPanel) => kindOf(own) ?? kindOf(ofPanel) ?? 'prometheus';
}
