import type { ExpositionFormat } from './exposition-format.ts';

/** The type of a family in either format, a foreign one included. */
export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'info' | 'summary' | 'unknown';

const SUFFIXES: Readonly<Record<FamilyType, readonly string[]>> = {
  counter: ['', '_total', '_created'],
  gauge: [''],
  histogram: ['', '_bucket', '_sum', '_count', '_created'],
  info: ['', '_info'],
  summary: ['', '_sum', '_count', '_created'],
  unknown: [''],
};

/** The family's name in OpenMetrics: a counter loses `_total`, an info `_info`. */
export function openMetricsName(type: FamilyType, name: string): string {
  const suffix = type === 'counter' ? '_total' : type === 'info' ? '_info' : '';
  return suffix !== '' && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

/** Every name that the family takes in a format; OpenMetrics takes all that text does, and more. */
export function occupiedNames(type: FamilyType, name: string, format: ExpositionFormat): readonly string[] {
  const base = openMetricsName(type, name);
  if (format === 'text' && (type === 'counter' || type === 'info')) {
    // Where the name lacks the suffix, its samples may have it: an OpenMetrics text declares them so.
    return base === name ? [name, `${name}${type === 'counter' ? '_total' : '_info'}`] : [name];
  }
  return SUFFIXES[type].map((suffix) => `${base}${suffix}`);
}
