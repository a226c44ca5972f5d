import type { Outcome } from '@gatewayz/provider-health';
import type { MaintenanceWindow } from '../maintenance.ts';
import { RowRecorder } from '../row-recorder.ts';
import { providerKey } from '../target-key.ts';
import type { MinuteRow, ProbeResult, RowCounts, TargetKey } from '../types.ts';

export const MINUTE_MS = 60_000;
export const MODEL: TargetKey = { provider: 'p', model: 'm' };
export const PROVIDER: TargetKey = providerKey('p');

export const recorderOf = (maintenance: readonly MaintenanceWindow[] = []): RowRecorder =>
  new RowRecorder({ maintenance, holdMs: () => 15 * MINUTE_MS, failuresUntilDown: 3 });

export function tell(
  recorder: RowRecorder,
  atMinute: number,
  outcome: Outcome,
  key: TargetKey = MODEL,
  more: Partial<ProbeResult> = {},
): void {
  const kind = key.model === '' ? 'models' : 'completion';
  recorder.record({ key, kind, outcome, latencyMs: 100, atEpochMs: atMinute * MINUTE_MS, ...more });
}

export function sumOf(rows: readonly MinuteRow[], modelName = 'm'): RowCounts {
  const sum = {
    upMs: 0,
    downMs: 0,
    ok: 0,
    failed: 0,
    unknown: 0,
    maintenance: 0,
    latencySumMs: 0,
    latencyMaxMs: 0,
  };
  for (const row of rows.filter((each) => each.modelName === modelName)) {
    for (const field of [
      'upMs',
      'downMs',
      'ok',
      'failed',
      'unknown',
      'maintenance',
      'latencySumMs',
    ] as const) {
      sum[field] += row[field];
    }
    sum.latencyMaxMs = Math.max(sum.latencyMaxMs, row.latencyMaxMs);
  }
  return sum;
}
