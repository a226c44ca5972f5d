const DAY_MS = 86_400_000;

let lastDay = Number.NaN;
let lastText = '';

/** The UTC day of a time in epoch milliseconds: `2026-01-31`. */
export function toDay(epochMs: number): string {
  const day = Math.floor(epochMs / DAY_MS);
  if (day !== lastDay) {
    lastText = new Date(epochMs).toISOString().slice(0, 10);
    lastDay = day;
  }
  return lastText;
}
