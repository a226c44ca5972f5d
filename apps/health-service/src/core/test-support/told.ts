import type { Outcome } from '@gatewayz/provider-health';
import type { MaintenanceWindow } from '../maintenance.ts';
import type { ProbeKind, ProbeResult, TargetKey, VerdictChange } from '../types.ts';
import { VerdictBook } from '../verdict.ts';
import { DEFAULT_VERDICT_SETTINGS } from '../verdict-settings.ts';

export const MODEL: TargetKey = { provider: 'p', model: 'm' };
export const MINUTE_MS = 60_000;

/** A book with one target that is told one outcome a minute. */
export class Told {
  readonly book: VerdictBook;
  readonly key: TargetKey;
  nowMs = 0;

  constructor(key: TargetKey = MODEL, windows: readonly MaintenanceWindow[] = []) {
    this.book = new VerdictBook(DEFAULT_VERDICT_SETTINGS, windows);
    this.key = key;
    this.book.track(key, 0);
  }

  tell(outcome: Outcome, more: Partial<ProbeResult> = {}): VerdictChange[] {
    this.nowMs += MINUTE_MS;
    const kind: ProbeKind = 'completion';
    return this.book.observe({
      key: this.key,
      kind,
      outcome,
      latencyMs: 100,
      atEpochMs: this.nowMs,
      ...more,
    });
  }

  tellAll(...outcomes: readonly Outcome[]): string {
    for (const outcome of outcomes) this.tell(outcome);
    return this.state();
  }

  state(): string {
    const verdict = this.book.get(this.key);
    return verdict?.cause ? `${verdict.state}: ${verdict.cause}` : `${verdict?.state}`;
  }
}
