/** How many times shorter everything is in the tests than in the files that are deployed. */
export const FACTOR = 20;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** What holds a duration: these keys, the ranges of PromQL, and its offsets. */
const DURATION =
  /((?:scrape_interval|scrape_timeout|evaluation_interval|for|keep_firing_for|group_wait|group_interval|repeat_interval|resolve_timeout): |\[|\boffset )(\d+)(ms|s|m|h|d)(?=[\])\s]|$)/gm;

/** The one duration that a rule has as a number: seconds, three times as long as the gateway waits between two polls. */
const AGE = /(gatewayz_health_data_age_seconds\) > )(\d+)/g;

/** A configuration with every duration divided by `factor`, and nothing else changed. */
export function shorten(text: string, factor: number = FACTOR): string {
  const shortened = text.replace(DURATION, (_, before: string, count: string, unit: string) => {
    const milliseconds = Math.round((Number(count) * (UNIT_MS[unit] ?? Number.NaN)) / factor);
    return `${before}${milliseconds}ms`;
  });
  return shortened.replace(
    AGE,
    (_, before: string, seconds: string) => `${before}${Number(seconds) / factor}`,
  );
}

/** A configuration with other places instead of those that it names; each must be in it. */
export function replacePlaces(text: string, places: Readonly<Record<string, string>>): string {
  let replaced = text;
  for (const [from, to] of Object.entries(places)) {
    if (!text.includes(from)) throw new Error(`${from} is not in the file`);
    replaced = replaced.replaceAll(from, to);
  }
  return replaced;
}
