import type { RunningPrometheus } from '@gatewayz/testkit';

/** One series as Prometheus has it. */
export interface StoredSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Unix milliseconds of the scrape, and the value. */
  readonly samples: readonly (readonly [atMs: number, value: number])[];
}

interface Matrix {
  readonly data: {
    readonly result: readonly {
      readonly metric: Record<string, string>;
      readonly values: [number, string][];
    }[];
  };
}

/** Every sample that was stored of these series in the last ten minutes, scrape by scrape: nothing is filled in. */
export async function storedSamples(
  prometheus: RunningPrometheus,
  selector: string,
): Promise<readonly StoredSeries[]> {
  const response = await fetch(
    `${prometheus.url}/api/v1/query?query=${encodeURIComponent(`${selector}[10m]`)}`,
  );
  if (response.status !== 200) throw new Error(await response.text());
  const { data } = (await response.json()) as Matrix;
  return data.result.map(({ metric, values }) => ({
    labels: metric,
    samples: values.map(([seconds, value]) => [Math.round(seconds * 1000), Number(value)] as const),
  }));
}

/** What a query gives at each second of a time, as a dashboard would draw it; seconds without a value are left out. */
export async function drawn(
  prometheus: RunningPrometheus,
  expression: string,
  fromMs: number,
  toMs: number,
): Promise<readonly number[]> {
  const query = new URLSearchParams({
    query: expression,
    start: String(fromMs / 1000),
    end: String(toMs / 1000),
    step: '1',
  });
  const response = await fetch(`${prometheus.url}/api/v1/query_range?${query}`);
  if (response.status !== 200) throw new Error(await response.text());
  const { data } = (await response.json()) as Matrix;
  return data.result.flatMap(({ values }) => values.map(([, value]) => Number(value)));
}
