import { at, isObject, type JsonObject, objectsOf, textOf } from './json-value.ts';

/** A query out of its wrapping, with its data source as older schemas have it. */
function unwrapQuery(wrapped: unknown): JsonObject {
  const query = at(wrapped, 'spec', 'query');
  const kind = textOf(at(query, 'kind'));
  const type = textOf(at(query, 'group')) ?? (kind === 'DataQuery' ? null : kind);
  const named = at(wrapped, 'spec', 'datasource') ?? at(query, 'datasource');
  const uid = textOf(at(named, 'uid')) ?? textOf(at(named, 'name'));
  const spec = at(query, 'spec');
  const datasource = { ...(type === null ? {} : { type }), ...(uid === null ? {} : { uid }) };
  return { ...(isObject(spec) ? spec : {}), datasource };
}

function toPanel(element: unknown): JsonObject {
  const spec = at(element, 'spec');
  const targets = objectsOf(at(spec, 'data', 'spec', 'queries')).map((wrapped) => ({
    refId: at(wrapped, 'spec', 'refId'),
    ...unwrapQuery(wrapped),
  }));
  const isLibraryPanel = at(element, 'kind') === 'LibraryPanel';
  return { title: at(spec, 'title'), targets, ...(isLibraryPanel ? { libraryPanel: {} } : {}) };
}

function toVariable(variable: JsonObject): JsonObject {
  const { spec } = variable;
  const type = String(variable.kind ?? '')
    .replace('Variable', '')
    .toLowerCase();
  if (!isObject(spec)) return { type };
  if (type === 'datasource') return { ...spec, type, query: spec.pluginId };
  if (type !== 'query') return { ...spec, type };
  const { datasource, ...query } = unwrapQuery(variable);
  return { ...spec, type, query: { query: textOf(at(query, 'query')) ?? spec.definition }, datasource };
}

/** A dashboard of Grafana 12's schema, in which panels are elements and queries have kinds, as older ones have it. */
export function toOlderShape(spec: JsonObject): JsonObject {
  return {
    title: spec.title,
    panels: Object.values(isObject(spec.elements) ? spec.elements : {}).map(toPanel),
    templating: { list: objectsOf(spec.variables).map(toVariable) },
    annotations: {
      list: objectsOf(spec.annotations).map((annotation) => ({
        name: at(annotation, 'spec', 'name'),
        ...unwrapQuery(annotation),
      })),
    },
  };
}
