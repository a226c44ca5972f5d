import { PrometheusFailure } from './prometheus-failure.ts';
import type { Vector, VectorElement } from './vector.ts';

/** Reads the answer to an instant query whose result is a vector; throws a `PrometheusFailure` for anything else. */
export function readQueryAnswer(text: string): Vector {
  const answer = parse(text);
  const data = isRecord(answer) && answer.status === 'success' ? answer.data : null;
  if (!isRecord(data) || data.resultType !== 'vector' || !Array.isArray(data.result)) throw invalid();
  return data.result.map(readElement);
}

function readElement(element: unknown): VectorElement {
  const sample = isRecord(element) ? element.value : null;
  if (!isRecord(element) || !isRecord(element.metric) || !Array.isArray(sample)) throw invalid();
  const value: unknown = sample[1];
  const labels = element.metric;
  if (typeof value !== 'string' || !isLabels(labels)) throw invalid();
  return { labels, value: toNumber(value) };
}

function toNumber(text: string): number {
  if (/^[+-]?Inf$/.test(text))
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return text.trim() === '' ? Number.NaN : Number(text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(error);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLabels(value: Readonly<Record<string, unknown>>): value is Readonly<Record<string, string>> {
  return Object.values(value).every((one) => typeof one === 'string');
}

function invalid(cause?: unknown): PrometheusFailure {
  return new PrometheusFailure('invalid', 'Prometheus answered something else than a vector', { cause });
}
