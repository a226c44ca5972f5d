import type {
  HeatPanel,
  LogPanel,
  PanelSpec,
  RowSpec,
  StatePanel,
  Step,
  Target,
  Unit,
  ValuePanel,
} from '../build/panel-spec.ts';

/** One expression, or several by their legends. */
export type Queries = string | Readonly<Record<string, string>>;

type More = Omit<Partial<ValuePanel>, 'kind' | 'title' | 'description' | 'unit' | 'targets'>;

function toTargets(queries: Queries, legend: string): readonly Target[] {
  const byLegend = typeof queries === 'string' ? { [legend]: queries } : queries;
  return Object.entries(byLegend).map(([name, expression]) => ({ legend: name, expression }));
}

type MakePanel = (
  title: string,
  unit: Unit,
  description: string,
  queries: Queries,
  more?: More,
) => ValuePanel;

function value(kind: ValuePanel['kind']): MakePanel {
  return (title: string, unit: Unit, description: string, queries: Queries, more: More = {}): ValuePanel => ({
    kind,
    title,
    unit,
    description,
    targets: toTargets(queries, title),
    ...(kind === 'stat' ? { width: 4 } : {}),
    ...more,
  });
}

/** Lines over time. */
export const series: MakePanel = value('series');
/** Areas on top of each other. */
export const stacked: MakePanel = value('stacked');
/** One large number for each series. */
export const stat: MakePanel = value('stat');
/** One bar for each series. */
export const bars: MakePanel = value('bars');

export function states(
  title: string,
  description: string,
  queries: Queries,
  texts: StatePanel['states'],
  width = 12,
): StatePanel {
  return { kind: 'states', title, description, targets: toTargets(queries, title), states: texts, width };
}

export function heatmap(title: string, unit: Unit, description: string, expression: string): HeatPanel {
  return { kind: 'heatmap', title, unit, description, targets: [{ legend: '{{le}}', expression }] };
}

export function lines(title: string, description: string, expression: string): LogPanel {
  return { kind: 'lines', title, description, targets: [{ legend: '', expression }], width: 24 };
}

export function countedLines(
  title: string,
  description: string,
  legend: string,
  expression: string,
): LogPanel {
  return { kind: 'counted-lines', title, description, targets: [{ legend, expression }] };
}

export function row(title: string, ...panels: readonly PanelSpec[]): RowSpec {
  return { title, panels };
}

/** Green, then yellow, then red as a value rises. */
export function rising(yellow: number, red: number): readonly Step[] {
  return [
    [null, 'green'],
    [yellow, 'yellow'],
    [red, 'red'],
  ];
}

/** Red up to `yellow`, green from `green` on. */
export function falling(yellow: number, green: number): readonly Step[] {
  return [
    [null, 'red'],
    [yellow, 'yellow'],
    [green, 'green'],
  ];
}
