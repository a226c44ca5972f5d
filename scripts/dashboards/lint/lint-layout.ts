import { type DashboardJson, type PanelJson, panelsOf } from './dashboard-json.ts';
import type { Finding } from './dashboard-problem.ts';

const COLUMNS = 24;
/** The oldest that the rules know how to read. */
const LEAST_SCHEMA = 36;

type Box = NonNullable<PanelJson['gridPos']>;

function doOverlap(one: Box, other: Box): boolean {
  const isBeside = one.x + one.w <= other.x || other.x + other.w <= one.x;
  const isBelow = one.y + one.h <= other.y || other.y + other.h <= one.y;
  return !isBeside && !isBelow;
}

function isInside({ x, y, w, h }: Box): boolean {
  return x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= COLUMNS;
}

function duplicatesOf<Value>(values: readonly Value[]): readonly Value[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

/** Ids and query names occur once, panels lie beside each other in the grid, the schema is a current one. */
export function* lintLayout(dashboard: DashboardJson): Generator<Finding> {
  const place = 'dashboard';
  if ((dashboard.schemaVersion ?? 0) < LEAST_SCHEMA) {
    yield { place, message: `schemaVersion ${dashboard.schemaVersion} is below ${LEAST_SCHEMA}` };
  }
  if (!/^[a-z0-9-]{1,40}$/.test(dashboard.uid ?? ''))
    yield { place, message: `no good uid: ${dashboard.uid}` };
  const panels = panelsOf(dashboard);
  for (const id of duplicatesOf(panels.map((panel) => panel.id))) {
    yield { place, message: `the panel id ${id} occurs more than once` };
  }
  for (const panel of panels) {
    for (const refId of duplicatesOf((panel.targets ?? []).map((target) => target.refId))) {
      yield { place: panel.title ?? '', message: `the query name ${refId} occurs more than once` };
    }
  }
  yield* lintGrid(panels);
}

function* lintGrid(panels: readonly PanelJson[]): Generator<Finding> {
  for (const [index, { gridPos, title = '' }] of panels.entries()) {
    if (gridPos === undefined || !isInside(gridPos)) {
      yield { place: title, message: `lies outside the grid: ${JSON.stringify(gridPos)}` };
      continue;
    }
    for (const other of panels.slice(index + 1)) {
      if (other.gridPos !== undefined && doOverlap(gridPos, other.gridPos)) {
        yield { place: title, message: `overlaps ${other.title}` };
      }
    }
  }
}
