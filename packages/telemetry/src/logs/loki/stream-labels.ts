import type { BaseFields } from '../line-format.ts';
import { LEVEL_NAME, type LogLevel } from '../log-level.ts';

const MAX_VALUES = 50;
const MAX_STREAMS = 300;
const VALUE = /^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}$/;

/** The label sets of a logger's streams: few, bounded, and numbered in the order in which they were first needed. */
export interface StreamLabels {
  /** The number of the line's stream. What is no fit value of a label, or one too many, is left out of its labels. */
  streamOf(level: LogLevel, errorType: unknown, provider: unknown): number;
  /** The label sets as JSON objects, by number. */
  all(): readonly string[];
}

function createValues(): (value: unknown) => string {
  const known = new Set<string>();
  return (value) => {
    if (typeof value !== 'string') return '';
    if (known.has(value)) return value;
    if (known.size >= MAX_VALUES || !VALUE.test(value)) return '';
    known.add(value);
    return value;
  };
}

function withoutEmpty(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}

/** Makes the label sets: `app`, `env`, `service`, `level`, and where they fit `error_type` and `provider`. */
export function createStreamLabels(base: BaseFields): StreamLabels {
  const errorTypes = createValues();
  const providers = createValues();
  const numbers = new Map<string, number>();
  const sets: string[] = [];

  function add(key: string, labels: Readonly<Record<string, string>>): number {
    const number = sets.push(JSON.stringify(withoutEmpty({ ...base, ...labels }))) - 1;
    numbers.set(key, number);
    return number;
  }

  function streamOf(level: LogLevel, errorType: unknown, provider: unknown): number {
    const errorLabel = errorTypes(errorType);
    const providerLabel = providers(provider);
    const key = `${level} ${errorLabel} ${providerLabel}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const labels = { level: LEVEL_NAME[level] };
    // The plain set of each level is always to be had, beyond the bound too.
    if (sets.length >= MAX_STREAMS) return numbers.get(`${level}  `) ?? add(`${level}  `, labels);
    return add(key, { ...labels, error_type: errorLabel, provider: providerLabel });
  }

  return { streamOf, all: () => sets };
}
