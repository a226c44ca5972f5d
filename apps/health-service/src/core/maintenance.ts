import { requireInteger } from './require-option.ts';
import type { TargetKey } from './types.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const DAY_MS = DAY_MINUTES * MINUTE_MS;
/** 1970-01-01 was a Thursday; weekdays count from Sunday as 0. */
const FIRST_WEEKDAY = 4;

/** Whom a window is for: everything, a provider with all its models, or one model of it. */
export type MaintenanceScope = { readonly provider?: string; readonly model?: string };

/** A planned time of no blame, all in UTC. Ends are excluded. */
export type MaintenanceWindow = MaintenanceScope &
  (
    | { readonly kind: 'absolute'; readonly fromEpochMs: number; readonly toEpochMs: number }
    | {
        readonly kind: 'weekly';
        /** The days it begins on: 0 Sunday … 6 Saturday. */
        readonly weekdays: readonly number[];
        /** 0…1439. */
        readonly fromMinute: number;
        /** 1…1440; not above `fromMinute` means the day after. */
        readonly toMinute: number;
      }
  );

type Span = { readonly fromMs: number; readonly toMs: number };

/** True while one of the windows covers the target. */
export function inMaintenance(
  windows: readonly MaintenanceWindow[],
  key: TargetKey,
  epochMs: number,
): boolean {
  return windows.some(
    (window) =>
      covers(window, key) &&
      spansOf(window, epochMs, epochMs + 1).some((span) => span.fromMs <= epochMs && epochMs < span.toMs),
  );
}

/** How many milliseconds of a time range lie in the target's windows; those that overlap count once. */
export function maintenanceOverlapMs(
  windows: readonly MaintenanceWindow[],
  key: TargetKey,
  fromMs: number,
  toMs: number,
): number {
  if (windows.length === 0 || toMs <= fromMs) return 0;
  const spans = windows
    .filter((window) => covers(window, key))
    .flatMap((window) => spansOf(window, fromMs, toMs))
    .sort((a, b) => a.fromMs - b.fromMs);
  let coveredUntilMs = fromMs;
  let overlapMs = 0;
  for (const span of spans) {
    const startMs = Math.max(span.fromMs, coveredUntilMs);
    const endMs = Math.min(span.toMs, toMs);
    if (endMs <= startMs) continue;
    overlapMs += endMs - startMs;
    coveredUntilMs = endMs;
  }
  return overlapMs;
}

/** The minute of the day that `22:30` names (`24:00` is the end of the day), or null. */
export function readTimeOfDay(text: string): number | null {
  const match = /^(\d{2}):(\d{2})$/.exec(text);
  if (match === null) return null;
  const minute = Number(match[1]) * 60 + Number(match[2]);
  return Number(match[2]) < 60 && minute <= DAY_MINUTES ? minute : null;
}

/** @throws RangeError that names what is wrong with a window */
export function checkMaintenanceWindow(window: MaintenanceWindow): void {
  if (window.model !== undefined && window.provider === undefined) {
    throw new RangeError(`provider must be given where model is, received ${window.model}`);
  }
  if (window.kind === 'absolute') {
    requireInteger('fromEpochMs', window.fromEpochMs, 0);
    requireInteger('toEpochMs', window.toEpochMs, window.fromEpochMs + 1);
    return;
  }
  if (window.weekdays.length === 0) throw new RangeError('weekdays must name a day, received none');
  for (const weekday of window.weekdays) requireInteger('weekdays', weekday, 0, 6);
  requireInteger('fromMinute', window.fromMinute, 0, DAY_MINUTES - 1);
  requireInteger('toMinute', window.toMinute, 1, DAY_MINUTES);
}

function covers(window: MaintenanceScope, key: TargetKey): boolean {
  if (window.provider === undefined) return true;
  if (window.provider !== key.provider) return false;
  return window.model === undefined || window.model === key.model;
}

function spansOf(window: MaintenanceWindow, fromMs: number, toMs: number): Span[] {
  if (window.kind === 'absolute') return [{ fromMs: window.fromEpochMs, toMs: window.toEpochMs }];
  const lastsMinutes = window.toMinute - window.fromMinute;
  const lastsMs = (lastsMinutes > 0 ? lastsMinutes : lastsMinutes + DAY_MINUTES) * MINUTE_MS;
  const spans: Span[] = [];
  // From the day before: its window may last past midnight.
  for (let day = Math.floor(fromMs / DAY_MS) - 1; day * DAY_MS < toMs; day++) {
    if (!window.weekdays.includes((((day + FIRST_WEEKDAY) % 7) + 7) % 7)) continue;
    const startMs = day * DAY_MS + window.fromMinute * MINUTE_MS;
    spans.push({ fromMs: startMs, toMs: startMs + lastsMs });
  }
  return spans;
}
