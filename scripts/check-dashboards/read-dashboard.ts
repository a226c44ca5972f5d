import { createDatasourceKinds, type DatasourceKind } from './datasource-kinds.ts';
import { DashboardFileError, type FoundQuery, type ReadDashboard } from './found-query.ts';
import { at, isObject, type JsonObject, objectsOf, textOf } from './json-value.ts';
import { readVariables } from './read-variables.ts';
import { toOlderShape } from './to-older-shape.ts';
import { toVariableExpression } from './variable-query.ts';

type KindOf = (own: unknown, ofPanel: unknown) => DatasourceKind;

/** Panels of every schema: side by side, in rows of old, in collapsed rows, however deep. */
function panelsIn(part: JsonObject): readonly JsonObject[] {
  return [...objectsOf(part.panels), ...objectsOf(part.rows)].flatMap((panel) => [panel, ...panelsIn(panel)]);
}

function titleOf(panel: JsonObject): string {
  return textOf(panel.title) ?? `panel ${String(panel.id ?? '?')}`;
}

interface Counted {
  readonly queries: readonly FoundQuery[];
  readonly others: number;
}

function queriesOfPanel(panel: JsonObject, kindOf: KindOf): Counted {
  const targets = objectsOf(panel.targets);
  const isOurs = (target: JsonObject): boolean =>
    kindOf(target.datasource, panel.datasource) === 'prometheus';
  const queries = targets.filter(isOurs).flatMap((target, index) => {
    const expression = textOf(target.expr) ?? textOf(target.expression);
    const name = textOf(target.refId) ?? String(index + 1);
    return expression === null ? [] : [{ panel: titleOf(panel), name, expression }];
  });
  return { queries, others: targets.filter((target) => !isOurs(target)).length };
}

function queriesOfVariables(dashboard: JsonObject, kindOf: KindOf): readonly FoundQuery[] {
  return objectsOf(at(dashboard, 'templating', 'list')).flatMap((variable) => {
    if (variable.type !== 'query' || kindOf(variable.datasource, null) !== 'prometheus') return [];
    const expression = toVariableExpression(variable.query) ?? toVariableExpression(variable.definition);
    return expression === null ? [] : [{ panel: `$${String(variable.name)}`, name: 'variable', expression }];
  });
}

function queriesOfAnnotations(dashboard: JsonObject, kindOf: KindOf): readonly FoundQuery[] {
  return objectsOf(at(dashboard, 'annotations', 'list')).flatMap((annotation) => {
    const expression = textOf(annotation.expr) ?? textOf(at(annotation, 'target', 'expr'));
    if (expression === null || kindOf(annotation.datasource, null) !== 'prometheus') return [];
    return [{ panel: String(annotation.name ?? ''), name: 'annotation', expression }];
  });
}

function readOlderDashboard(dashboard: JsonObject): ReadDashboard {
  const kindOf = createDatasourceKinds(dashboard);
  const panels = panelsIn(dashboard);
  const counted = panels.map((panel) => queriesOfPanel(panel, kindOf));
  return {
    title: textOf(dashboard.title) ?? '(no title)',
    queries: [
      ...queriesOfVariables(dashboard, kindOf),
      ...queriesOfAnnotations(dashboard, kindOf),
      ...counted.flatMap(({ queries }) => queries),
    ],
    variables: readVariables(at(dashboard, 'templating', 'list')),
    others: counted.reduce((sum, { others }) => sum + others, 0),
    notes: panels
      .filter((panel) => isObject(panel.libraryPanel) && objectsOf(panel.targets).length === 0)
      .map((panel) => `${titleOf(panel)} is a library panel: its queries are not in the file`),
  };
}

/** Reads a dashboard of any schema, as Grafana exports it or as its API answers. Throws a DashboardFileError. */
export function readDashboard(text: string): ReadDashboard {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new DashboardFileError(`no JSON: ${(error as Error).message}`);
  }
  const outer = at(json, 'dashboard') ?? json;
  const inner = at(outer, 'spec') ?? outer;
  if (isObject(inner) && isObject(inner.elements)) return readOlderDashboard(toOlderShape(inner));
  if (!isObject(inner) || !(Array.isArray(inner.panels) || Array.isArray(inner.rows))) {
    throw new DashboardFileError('no dashboard: it has neither panels nor rows');
  }
  return readOlderDashboard(inner);
}
