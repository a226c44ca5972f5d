import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import {
  type GridPos,
  type Panel,
  type ThresholdsConfig,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { PanelSpec, Step } from './panel-spec.ts';

/** What the builders of every kind of panel have in common. */
interface FrameBuilder extends Builder<Panel> {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: DataSourceRef): this;
  gridPos(gridPos: GridPos): this;
}

/** Where a panel goes, and the number that its dashboard knows it by. */
export interface Place {
  readonly id: number;
  readonly gridPos: GridPos;
}

/** Sets what every panel has. */
export function frame<B extends FrameBuilder>(
  builder: B,
  { title, description }: PanelSpec,
  { id, gridPos }: Place,
  datasource: DataSourceRef,
): B {
  return builder.id(id).title(title).description(description).gridPos(gridPos).datasource(datasource);
}

/** Thresholds on the values themselves. */
export function toThresholds(steps: readonly Step[]): Builder<ThresholdsConfig> {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(steps.map(([value, color]) => ({ value, color })));
}
