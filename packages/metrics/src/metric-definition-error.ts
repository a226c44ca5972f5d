/** What is wrong with a definition. */
export type MetricDefinitionErrorCode =
  | 'invalid_name'
  | 'invalid_help'
  | 'invalid_labels'
  | 'invalid_buckets'
  | 'invalid_option'
  | 'duplicate_name';

/** Thrown when a metric, a collector or a registry is defined wrongly; the message shows the received value. */
export class MetricDefinitionError extends Error {
  override readonly name = 'MetricDefinitionError';
  readonly code: MetricDefinitionErrorCode;

  constructor(code: MetricDefinitionErrorCode, expected: string, received: unknown) {
    super(`${expected}, received ${show(received)}`);
    this.code = code;
  }
}

function show(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') {
    return String(value);
  }
  try {
    return (
      (Array.isArray(value) ? `[${value.map(show).join(', ')}]` : JSON.stringify(value)) ?? String(value)
    );
  } catch {
    return typeof value;
  }
}
