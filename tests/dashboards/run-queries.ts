import type { RunningPrometheus } from '@gatewayz/testkit';
import type { PlacedQuery } from '../../scripts/dashboards/lint/dashboard-json.ts';

/** One series of an answer with its last value. */
export interface AnsweredSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** When to ask. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

type Sample = readonly [number, string];

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly resultType: 'matrix' | 'vector' | 'scalar' | 'string';
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value?: Sample;
      readonly values?: readonly Sample[];
    }[];
  };
}

const VALUES: Readonly<Record<string, string>> = { __rate_interval: '5s', __range: '1m' };

/** Puts in what Grafana would: every environment, provider and model, and windows that fit a scrape every second. */
export function withVariables(expression: string): string {
  return expression.replace(/\$(\w+)/g, (_, name: string) => VALUES[name] ?? '.*');
}

/** Runs a query as its panel does: at the end of the span, or over all of it. Series without a number are left out. */
export async function runQuery(
  prometheus: RunningPrometheus,
  { text, isInstant }: PlacedQuery,
  { from, to }: Span,
): Promise<readonly AnsweredSeries[]> {
  const query = withVariables(text);
  const times = isInstant ? { time: String(to) } : { start: String(from), end: String(to), step: '1' };
  const path = isInstant ? 'query' : 'query_range';
  const response = await fetch(`${prometheus.url}/api/v1/${path}`, {
    method: 'POST',
    body: new URLSearchParams({ query, ...times }),
  });
  const answer = (await response.json()) as Answer;
  if (answer.data === undefined) throw new Error(`Prometheus refused ${query}: ${answer.error}`);
  return answer.data.result.flatMap(({ metric, value, values }) => {
    const numbers = (values ?? (value === undefined ? [] : [value]))
      .map(([, text]) => Number(text))
      .filter((number) => !Number.isNaN(number));
    const last = numbers.at(-1);
    return last === undefined ? [] : [{ labels: metric, value: last }];
  });
}
