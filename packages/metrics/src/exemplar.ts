import { formatFloat } from './format-float.ts';

/** The trace that an increment or an observation belongs to; shown in OpenMetrics only. */
export interface Exemplar {
  readonly traceId: string;
  readonly spanId?: string | undefined;
}

// With both label names this stays below OpenMetrics' limit of 128 characters for an exemplar's labels.
const IDENTIFIER = /^[0-9A-Za-z_.:-]{1,56}$/;

/** The latest exemplar of one counter or bucket, overwritten in place. */
export class ExemplarSlot {
  #traceId: unknown = '';
  #spanId: unknown;
  #value = 0;
  #timestampMs = 0;

  keep(exemplar: Exemplar, value: number): void {
    this.#traceId = exemplar.traceId;
    this.#spanId = exemplar.spanId;
    this.#value = value;
    this.#timestampMs = Date.now();
  }

  /** The text that follows the sample's value, or '' where the trace id is not an identifier. */
  render(): string {
    if (!isIdentifier(this.#traceId)) {
      return '';
    }
    const span = isIdentifier(this.#spanId) ? `,span_id="${this.#spanId}"` : '';
    const seconds = (this.#timestampMs / 1000).toFixed(3);
    return ` # {trace_id="${this.#traceId}"${span}} ${formatFloat(this.#value)} ${seconds}`;
  }
}

function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && IDENTIFIER.test(value);
}
