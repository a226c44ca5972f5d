import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type AnnotationQuery,
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type GridPos,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { variablesIn } from '../lint/variables-in.ts';
import { buildPanel } from './build-panel.ts';
import { buildVariables } from './build-variables.ts';
import { toDatasource } from './datasources.ts';
import { max, metric } from './expressions.ts';
import type { DashboardSpec, PanelSpec } from './panel-spec.ts';

const COLUMNS = 24;
const TAG = 'gatewayz';
const HEIGHTS: Readonly<Partial<Record<PanelSpec['kind'], number>>> = {
  stat: 4,
  lines: 12,
  'service-map': 12,
};
const DEFAULT_HEIGHT = 8;

/** Shown as regions for as long as they last. */
const ANNOTATIONS = [
  {
    name: 'Breaker open',
    color: 'red',
    expression: `${max('provider', metric('gatewayz_circuit_breaker_state', { provider: '*', state: 'open' }))} == 1`,
    text: 'The breaker of {{provider}} is open',
  },
  {
    name: 'Incident',
    color: 'orange',
    expression: `${max('', metric('gatewayz_health_active_incidents'))} > 0`,
    text: 'The health service has an open incident',
  },
] as const;

/** Puts panels side by side from left to right; one that does not fit begins a new line. */
function layOut(panels: readonly PanelSpec[], top: number): readonly GridPos[] {
  let x = 0;
  let y = top;
  let lineHeight = 0;
  return panels.map(({ kind, width: w = COLUMNS / 2 }) => {
    const h = HEIGHTS[kind] ?? DEFAULT_HEIGHT;
    if (x + w > COLUMNS) {
      x = 0;
      y += lineHeight;
      lineHeight = 0;
    }
    const position = { x, y, w, h };
    x += w;
    lineHeight = Math.max(lineHeight, h);
    return position;
  });
}

function addRows(builder: DashboardBuilder, { rows }: DashboardSpec): void {
  let id = 0;
  let top = 0;
  for (const { title, panels } of rows) {
    id += 1;
    builder.withRow(new RowBuilder(title).id(id).gridPos({ x: 0, y: top, w: COLUMNS, h: 1 }));
    const positions = layOut(panels, top + 1);
    for (const [index, panel] of panels.entries()) {
      id += 1;
      const gridPos = positions[index] ?? { x: 0, y: top, w: COLUMNS, h: DEFAULT_HEIGHT };
      builder.withPanel(buildPanel(panel, { id, gridPos }));
    }
    top = Math.max(...positions.map(({ y, h }) => y + h));
  }
}

function buildAnnotations(): Builder<AnnotationQuery>[] {
  return ANNOTATIONS.map(({ name, color, expression, text }) =>
    new AnnotationQueryBuilder()
      .name(name)
      .datasource(toDatasource('prometheus'))
      .enable(true)
      .iconColor(color)
      .target(new DataqueryBuilder().refId('Anno').expr(expression).range())
      .expr(expression)
      .titleFormat(name)
      .textFormat(text),
  );
}

/** Makes Grafana's dashboard from its description. */
export function buildDashboard(spec: DashboardSpec): Dashboard {
  const hasMetrics = spec.rows.some(({ panels }) => panels.some(({ kind }) => isOfMetrics(kind)));
  const builder = new DashboardBuilder(spec.title)
    .uid(`gatewayz-${spec.name}`)
    .description(spec.description)
    .tags([TAG])
    .timezone('browser')
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Gatewayz')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    );
  if (hasMetrics) builder.annotations(buildAnnotations());
  addRows(builder, spec);
  const used = usedVariables(builder.build());
  builder.variables([...buildVariables((name) => used.has(name), { hasMetrics })]);
  return withoutPlacement(builder.build());
}

/** Links and annotations are shown above the panels; the builders would hide them in a menu. */
function withoutPlacement(dashboard: Dashboard): Dashboard {
  const shown = <T extends { placement?: unknown }>(parts: readonly T[] = []): T[] =>
    parts.map(({ placement: _, ...part }) => part as T);
  return {
    ...dashboard,
    links: shown(dashboard.links),
    annotations: { list: shown(dashboard.annotations.list) },
  };
}

function isOfMetrics(kind: PanelSpec['kind']): boolean {
  return !['lines', 'counted-lines', 'traces', 'service-map'].includes(kind);
}

/** Those that the text of the dashboard names, and `env`, which the other variables are asked under. */
function usedVariables(dashboard: Dashboard): ReadonlySet<string> {
  return variablesIn(JSON.stringify(dashboard));
}
