import { PanelBuilder as BarsBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BarGaugeDisplayMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LogsSortOrder,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as HeatmapBuilder, YAxisConfigBuilder } from '@grafana/grafana-foundation-sdk/heatmap';
import { PanelBuilder as LogsBuilder } from '@grafana/grafana-foundation-sdk/logs';
import { PanelBuilder as NodeGraphBuilder } from '@grafana/grafana-foundation-sdk/nodegraph';
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StatesBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as SeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { buildTable } from './build-table.ts';
import { toLokiQueries, toPrometheusQueries, toServiceMapQuery, toTempoSearch } from './build-targets.ts';
import { toDatasource } from './datasources.ts';
import { frame, type Place, toThresholds } from './panel-frame.ts';
import { toSeriesLink } from './panel-links.ts';
import type { HeatPanel, LogPanel, PanelSpec, StatePanel, Step, ValuePanel } from './panel-spec.ts';

const NO_THRESHOLD: readonly Step[] = [[null, 'green']];
const PROMETHEUS = toDatasource('prometheus');

/** Makes Grafana's panel from its description. */
export function buildPanel(spec: PanelSpec, place: Place): Builder<Panel> {
  switch (spec.kind) {
    case 'series':
    case 'stacked':
      return buildSeries(spec, place);
    case 'stat':
      return buildStat(spec, place);
    case 'bars':
      return buildBars(spec, place);
    case 'states':
      return buildStates(spec, place);
    case 'table':
      return buildTable(spec, place);
    case 'heatmap':
      return buildHeatmap(spec, place);
    case 'lines':
      return buildLines(spec, place);
    case 'counted-lines':
      return buildCountedLines(spec, place);
    case 'traces':
      return frame(new TableBuilder(), spec, place, toDatasource('tempo')).targets([
        toTempoSearch(spec.query),
      ]);
    case 'service-map':
      return frame(new NodeGraphBuilder(), spec, place, toDatasource('tempo')).targets([toServiceMapQuery()]);
    default:
      return spec satisfies never;
  }
}

function toLegend(calculations: string[]): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder().asTable(true).calcs(calculations).showLegend(true);
}

function toTooltip(): VizTooltipOptionsBuilder {
  return new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);
}

/** What only some panels set; the builders' own defaults hold for the rest. */
function limit<B extends { min(n: number): B; max(n: number): B; decimals(n: number): B }>(
  builder: B,
  { min, max, decimals }: ValuePanel,
): B {
  if (min !== undefined) builder.min(min);
  if (max !== undefined) builder.max(max);
  if (decimals !== undefined) builder.decimals(decimals);
  return builder;
}

function buildSeries(spec: ValuePanel, place: Place): SeriesBuilder {
  const isStacked = spec.kind === 'stacked';
  const builder = frame(new SeriesBuilder(), spec, place, PROMETHEUS)
    .unit(spec.unit)
    .targets(toPrometheusQueries(spec.targets))
    .thresholds(toThresholds(spec.thresholds ?? NO_THRESHOLD))
    .dataLinks([toSeriesLink(spec.targets)])
    .legend(toLegend(['mean', 'max', 'lastNotNull']))
    .tooltip(toTooltip())
    .fillOpacity(isStacked ? 40 : 10)
    .stacking(new StackingConfigBuilder().mode(isStacked ? StackingMode.Normal : StackingMode.None));
  if (spec.thresholds !== undefined) {
    builder.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  return limit(builder, spec);
}

function buildStat(spec: ValuePanel, place: Place): StatBuilder {
  const builder = frame(new StatBuilder(), spec, place, PROMETHEUS)
    .unit(spec.unit)
    .targets(toPrometheusQueries(spec.targets, { isInstant: true }))
    .thresholds(toThresholds(spec.thresholds ?? NO_THRESHOLD))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .dataLinks([toSeriesLink(spec.targets)])
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false));
  return limit(builder, spec);
}

function buildBars(spec: ValuePanel, place: Place): BarsBuilder {
  const builder = frame(new BarsBuilder(), spec, place, PROMETHEUS)
    .unit(spec.unit)
    .targets(toPrometheusQueries(spec.targets, { isInstant: true }))
    .thresholds(toThresholds(spec.thresholds ?? NO_THRESHOLD))
    .dataLinks([toSeriesLink(spec.targets)])
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false));
  return limit(builder, spec);
}

function buildStates(spec: StatePanel, place: Place): StatesBuilder {
  const options = Object.fromEntries(
    Object.entries(spec.states).map(([value, [text, color]], index) => [value, { text, color, index }]),
  );
  return frame(new StatesBuilder(), spec, place, PROMETHEUS)
    .unit('none')
    .targets(toPrometheusQueries(spec.targets))
    .mappings([{ type: MappingType.ValueToText, options }])
    .thresholds(toThresholds(NO_THRESHOLD))
    .dataLinks([toSeriesLink(spec.targets)])
    .mergeValues(true)
    .tooltip(toTooltip());
}

function buildHeatmap(spec: HeatPanel, place: Place): HeatmapBuilder {
  return frame(new HeatmapBuilder(), spec, place, PROMETHEUS)
    .unit(spec.unit)
    .targets(toPrometheusQueries(spec.targets, { format: PromQueryFormat.Heatmap }))
    .thresholds(toThresholds(NO_THRESHOLD))
    .dataLinks([toSeriesLink(spec.targets)])
    .calculate(false)
    .yAxis(new YAxisConfigBuilder().unit(spec.unit));
}

function buildLines(spec: LogPanel, place: Place): LogsBuilder {
  return frame(new LogsBuilder(), spec, place, toDatasource('loki'))
    .targets(toLokiQueries(spec.targets))
    .showTime(true)
    .wrapLogMessage(true)
    .enableLogDetails(true)
    .sortOrder(LogsSortOrder.Descending);
}

function buildCountedLines(spec: LogPanel, place: Place): SeriesBuilder {
  return frame(new SeriesBuilder(), spec, place, toDatasource('loki'))
    .unit('cps')
    .targets(toLokiQueries(spec.targets))
    .thresholds(toThresholds(NO_THRESHOLD))
    .legend(toLegend(['mean', 'max']))
    .tooltip(toTooltip())
    .fillOpacity(40)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
}
