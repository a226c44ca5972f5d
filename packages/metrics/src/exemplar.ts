import { formatFloat } from './format-float.ts';

/** The trace that an increment or an observation belongs to; shown in OpenMetrics only. */
export interface Exemplar {
  readonly traceId: string;
  readonly spanId?: string | undefined;
}

// With both label names this stays below OpenMetrics' limit of 128 characters for an exemplar's labels.
const IDENTIFIER = /^[0-9A-Za-z_.:-]{1,56}$/;

/** An exemplar with the amount that it came with, and when. */
export interface KeptExemplar {
  readonly traceId: string;
  readonly spanId: string | undefined;
  readonly value: number;
  readonly timestampMs: number;
}

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

  /** What is kept, or null where the trace id is not an identifier. */
  kept(): KeptExemplar | null {
    if (!isIdentifier(this.#traceId)) {
      return null;
    }
    const spanId = isIdentifier(this.#spanId) ? this.#spanId : undefined;
    return { traceId: this.#traceId, spanId, value: this.#value, timestampMs: this.#timestampMs };
  }

  restore({ traceId, spanId, value, timestampMs }: KeptExemplar): void {
    this.#traceId = traceId;
    this.#spanId = spanId;
    this.#value = value;
    this.#timestampMs = timestampMs;
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
