import { join } from 'node:path';
import { freePort } from '../wire/free-port.ts';
import type { RunningProcess } from './start-process.ts';
import { startProcess } from './start-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface PrometheusOptions {
  /** `host:port` each, scraped at `/metrics` as job `gateway`. */
  readonly targets?: readonly string[];
  /** A whole configuration instead, as YAML text. */
  readonly config?: string;
  /** Default `1s`. */
  readonly scrapeInterval?: string;
  readonly bearerToken?: string;
  /** Further files of the config folder by name, such as rules that `config` refers to. */
  readonly files?: Readonly<Record<string, string>>;
}

/** One element of an instant query's vector; a scalar has no labels. */
export interface QueryResult {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A real Prometheus on a free loopback port. */
export interface RunningPrometheus extends AsyncDisposable {
  readonly url: string;
  readonly process: RunningProcess;
  /** An instant query. Throws with Prometheus's own message where it fails. */
  query(expression: string): Promise<readonly QueryResult[]>;
  /** Repeats the query until it gives something that satisfies `isEnough` (default: anything). Default 15,000 ms. */
  queryUntil(
    expression: string,
    isEnough?: (results: readonly QueryResult[]) => boolean,
    timeoutMs?: number,
  ): Promise<readonly QueryResult[]>;
  stop(): Promise<void>;
}

type Sample = readonly [timeSeconds: number, value: string];

interface QueryAnswer {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data?: {
    readonly resultType: string;
    readonly result: Sample | readonly { readonly metric: Record<string, string>; readonly value: Sample }[];
  };
}

const QUERY_POLL_MS = 250;

function toConfig({ targets = [], scrapeInterval = '1s', bearerToken }: PrometheusOptions): string {
  const authorization = bearerToken === undefined ? {} : { authorization: { credentials: bearerToken } };
  return JSON.stringify({
    global: { scrape_interval: scrapeInterval, scrape_timeout: scrapeInterval },
    scrape_configs: [{ job_name: 'gateway', static_configs: [{ targets }], ...authorization }],
  });
}

function toNumber(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

function isScalar(data: NonNullable<QueryAnswer['data']>): data is { resultType: 'scalar'; result: Sample } {
  return data.resultType === 'scalar';
}

function toResults(answer: QueryAnswer, expression: string): readonly QueryResult[] {
  const { data } = answer;
  if (answer.status !== 'success' || data === undefined) {
    throw new Error(`Prometheus refused ${expression}: ${answer.error}`);
  }
  if (isScalar(data)) return [{ labels: {}, value: toNumber(data.result[1]) }];
  if (data.resultType !== 'vector') throw new TypeError(`Expected a vector, received a ${data.resultType}`);
  const vector = data.result as Exclude<typeof data.result, Sample>;
  return vector.map(({ metric, value }) => ({ labels: metric, value: toNumber(value[1]) }));
}

async function query(url: string, expression: string): Promise<readonly QueryResult[]> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
  return toResults((await response.json()) as QueryAnswer, expression);
}

async function queryUntil(
  url: string,
  expression: string,
  isEnough: (results: readonly QueryResult[]) => boolean,
  timeoutMs: number,
): Promise<readonly QueryResult[]> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const results = await query(url, expression);
    if (isEnough(results)) return results;
    if (performance.now() > deadlineMs) {
      throw new Error(`After ${timeoutMs} ms ${expression} gave ${JSON.stringify(results)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, QUERY_POLL_MS));
  }
}

/** Starts `prometheus` from the PATH with a config and data folder of its own, and waits until it is ready. */
export async function startPrometheus(options: PrometheusOptions): Promise<RunningPrometheus> {
  const [folder, port] = await Promise.all([temporaryFolder('gatewayz-prometheus-'), freePort()]);
  const url = `http://127.0.0.1:${port}`;
  for (const [name, content] of Object.entries(options.files ?? {})) await folder.write(name, content);
  const config = await folder.write('prometheus.yml', options.config ?? toConfig(options));
  try {
    const running = await startProcess({
      command: 'prometheus',
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder.path, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      cwd: folder.path,
      readyWhen: `${url}/-/ready`,
    });
    const stop = async (): Promise<void> => {
      await running.stop();
      await folder.dispose();
    };
    return {
      url,
      process: running,
      query: (expression) => query(url, expression),
      queryUntil: (expression, isEnough = (results) => results.length > 0, timeoutMs = 15_000) =>
        queryUntil(url, expression, isEnough, timeoutMs),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await folder.dispose();
    throw error;
  }
}
