import { setTimeout as wait } from 'node:timers/promises';

/** Asks a running Prometheus for numbers. */
export interface PrometheusClient {
  readonly url: string;
  /** Resolves with the value of the query's first series once it is as wanted; rejects after a minute. */
  waitUntil(expression: string, isReached: (value: number) => boolean): Promise<number>;
  /** Resolves once it knows whom to tell. */
  waitForAlertmanager(): Promise<void>;
}

interface Vector {
  readonly result: readonly { readonly value: readonly [number, string] }[];
}

interface Alertmanagers {
  readonly activeAlertmanagers: readonly unknown[];
}

const POLL_MS = 100;
const TIMEOUT_MS = 60_000;

/** Asks again and again. */
async function askUntil(
  what: string,
  ask: () => Promise<number | null>,
  isReached: (value: number) => boolean,
): Promise<number> {
  const deadlineMs = performance.now() + TIMEOUT_MS;
  for (;;) {
    const now = await ask();
    if (now !== null && isReached(now)) return now;
    if (performance.now() > deadlineMs) throw new Error(`${what} is still ${now} after a minute`);
    await wait(POLL_MS);
  }
}

export function createPrometheusClient(url: string): PrometheusClient {
  async function ask<Data>(path: string): Promise<Data> {
    const response = await fetch(`${url}/api/v1/${path}`);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return ((await response.json()) as { readonly data: Data }).data;
  }

  async function value(expression: string): Promise<number | null> {
    const { result } = await ask<Vector>(`query?query=${encodeURIComponent(expression)}`);
    return result[0] === undefined ? null : Number(result[0].value[1]);
  }

  return {
    url,
    waitUntil: (expression, isReached) => askUntil(expression, () => value(expression), isReached),
    async waitForAlertmanager() {
      const count = async (): Promise<number> =>
        (await ask<Alertmanagers>('alertmanagers')).activeAlertmanagers.length;
      await askUntil('the number of Alertmanagers', count, (known) => known > 0);
    },
  };
}
