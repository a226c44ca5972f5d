import type { VariableValues } from './found-query.ts';

/** Grafana's own variables, for a scrape every 15 s and the time that is asked for. */
function builtIns(hours: number): ReadonlyMap<string, string> {
  const seconds = hours * 3600;
  const now = Date.now();
  return new Map([
    ['__interval', '1m'],
    ['__interval_ms', '60000'],
    ['interval', '5m'],
    ['__rate_interval', '5m'],
    ['__rate_interval_ms', '300000'],
    ['__auto_interval', '1m'],
    ['__range', `${Math.round(seconds)}s`],
    ['__range_s', String(Math.round(seconds))],
    ['__range_ms', String(Math.round(seconds * 1000))],
    ['__from', String(now - seconds * 1000)],
    ['__to', String(now)],
  ]);
}

const REFERENCE = /\$\{(\w+)(?:\.\w+)?(?::[^}]*)?\}|\$(\w+)|\[\[(\w+)(?::[^\]]*)?\]\]/g;
/** A matcher of labels whose value holds a variable. */
const MATCHER = /([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/g;

function hasVariable(text: string): boolean {
  return new RegExp(REFERENCE.source).test(text);
}

/** An expression as Prometheus can run it, or the variables for which nothing can stand. */
export type Substituted =
  | { readonly kind: 'expression'; readonly text: string }
  | { readonly kind: 'unresolved'; readonly names: readonly string[] };

/**
 * Puts in what stands for the variables of an expression. In the values of labels a variable stands for any value;
 * elsewhere for a window, the number or the text that was chosen last.
 */
export function substituteVariables(
  expression: string,
  variables: VariableValues,
  hours: number,
): Substituted {
  const own = builtIns(hours);
  const names: string[] = [];
  const text = expression
    .replace(MATCHER, (matcher, label: string, _operator, value: string) =>
      // Any name at all would be every series that there is.
      hasVariable(value) && label !== '__name__' ? `${label}=~".*"` : matcher,
    )
    .replace(REFERENCE, (reference, braced?: string, plain?: string, old?: string) => {
      const name = braced ?? plain ?? old ?? '';
      // $1 is a group of a regular expression.
      if (/^\d+$/.test(name)) return reference;
      const value =
        variables.get(name) ?? own.get(name) ?? (name.startsWith('__auto_interval') ? '1m' : null);
      if (value === null) names.push(name);
      return value ?? '';
    });
  return names.length > 0 ? { kind: 'unresolved', names } : { kind: 'expression', text };
}
