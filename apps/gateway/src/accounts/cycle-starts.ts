/**
 * When the billing cycles of a subscription began, up to and with `untilMs`: epoch milliseconds, the first one being
 * its start. Months and years are those of the calendar, UTC, counted from the start: what began on a 31st begins
 * again on the last day of a shorter month, and on the 31st of the next long one.
 */
export function cycleStarts(billingCycle: string, startMs: number, untilMs: number): readonly number[] {
  const starts: number[] = [];
  const months = monthsOf(billingCycle);
  for (let cycle = 0; ; cycle += 1) {
    const cycleMs = addMonths(startMs, cycle * (months ?? 0));
    if (cycleMs > untilMs) return starts;
    starts.push(cycleMs);
    if (months === null) return starts;
  }
}

/** Null where there is one cycle alone. */
function monthsOf(billingCycle: string): number | null {
  if (billingCycle === 'monthly') return 1;
  return billingCycle === 'yearly' ? 12 : null;
}

function addMonths(epochMs: number, months: number): number {
  const date = new Date(epochMs);
  const day = date.getUTCDate();
  date.setUTCMonth(date.getUTCMonth() + months, 1);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return date.getTime();
}
