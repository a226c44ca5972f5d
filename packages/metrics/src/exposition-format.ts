/** Prometheus text 0.0.4 (`text`) or OpenMetrics 1.0 (`openmetrics`). */
export type ExpositionFormat = 'text' | 'openmetrics';

const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The value of the `content-type` header for a format. */
export function contentType(format: ExpositionFormat): string {
  return CONTENT_TYPES[format];
}
