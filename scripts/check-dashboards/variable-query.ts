import { at, textOf } from './json-value.ts';

/** The PromQL that answers whether a variable's query of Prometheus finds something; null where it is none. */
export function toVariableExpression(query: unknown): string | null {
  const text = (textOf(query) ?? textOf(at(query, 'query')) ?? textOf(at(query, 'metric')))?.trim();
  if (text === undefined) return null;
  const labelValues = /^label_values\(\s*(?:(.+?)\s*,\s*)?([a-zA-Z_]\w*)\s*\)$/s.exec(text);
  if (labelValues !== null) {
    const [, selector, label] = labelValues;
    return `count by (${label}) (${selector ?? `{${label}!=""}`})`;
  }
  const result = /^query_result\((.*)\)$/s.exec(text)?.[1];
  if (result !== undefined) return result.trim();
  const names = /^metrics\((.*)\)$/s.exec(text)?.[1]?.trim();
  if (names !== undefined) return `count by (__name__) ({__name__=~".*${names}.*"})`;
  return null;
}
