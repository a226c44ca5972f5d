/** A query of a panel. `legend` is Grafana's, with `{{label}}`. */
export interface Target {
  readonly expression: string;
  readonly legend: string;
}

/** From that value on (`null`: from the bottom) the colour is this. */
export type Step = readonly [
  value: number | null,
  color: 'green' | 'yellow' | 'orange' | 'red' | 'blue' | 'text',
];

export type Unit =
  | 'short'
  | 's'
  | 'percentunit'
  | 'percent'
  | 'reqps'
  | 'ops'
  | 'cps'
  | 'bytes'
  | 'currencyUSD'
  | 'bool_on_off'
  | 'dateTimeFromNow'
  | 'none';

interface PanelBase {
  readonly title: string;
  /** What it shows and what to think of it; for the person on call. */
  readonly description: string;
  /** Of 24. */
  readonly width?: number;
}

export interface ValuePanel extends PanelBase {
  readonly kind: 'series' | 'stacked' | 'stat' | 'bars';
  readonly unit: Unit;
  readonly targets: readonly Target[];
  readonly thresholds?: readonly Step[];
  readonly min?: number;
  readonly max?: number;
  readonly decimals?: number;
}

/** The state of each series over time, by the texts of its values. */
export interface StatePanel extends PanelBase {
  readonly kind: 'states';
  readonly targets: readonly Target[];
  readonly states: Readonly<Record<number, readonly [text: string, color: string]>>;
}

/** One row for each set of labels, one column for each query. */
export interface TablePanel extends PanelBase {
  readonly kind: 'table';
  readonly columns: readonly (Target & { readonly unit: Unit; readonly thresholds?: readonly Step[] })[];
  /** The labels that name a row. */
  readonly labels: readonly string[];
}

export interface HeatPanel extends PanelBase {
  readonly kind: 'heatmap';
  readonly unit: Unit;
  readonly targets: readonly Target[];
}

/** Log lines as they are, or counted where `unit` says so. */
export interface LogPanel extends PanelBase {
  readonly kind: 'lines' | 'counted-lines';
  readonly targets: readonly Target[];
}

export interface TracePanel extends PanelBase {
  readonly kind: 'traces';
  readonly query: string;
}

/** Tempo's picture of who calls whom. */
export interface ServiceMapPanel extends PanelBase {
  readonly kind: 'service-map';
}

export type PanelSpec =
  | ValuePanel
  | StatePanel
  | TablePanel
  | HeatPanel
  | LogPanel
  | TracePanel
  | ServiceMapPanel;

export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

export interface DashboardSpec {
  /** Ends the uid `gatewayz-…`, and names the file. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly RowSpec[];
}
