import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

/** What a receiver is told of one alert. */
export interface Notice {
  readonly atMs: number;
  readonly status: 'firing' | 'resolved';
  readonly receiver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A webhook that keeps what Alertmanager tells it. */
export interface AlertReceiver extends AsyncDisposable {
  readonly url: string;
  readonly notices: readonly Notice[];
  /** Rejects, with everything that was told, where no such notice comes in time. */
  waitFor(matches: (notice: Notice) => boolean, what: string, timeoutMs: number): Promise<Notice>;
}

interface WebhookBody {
  readonly receiver: string;
  readonly alerts: readonly Pick<Notice, 'status' | 'labels' | 'annotations'>[];
}

const POLL_MS = 50;

/** Starts a receiver on a free loopback port. */
export async function startAlertReceiver(): Promise<AlertReceiver> {
  const notices: Notice[] = [];
  const server = createServer(async (request, response) => {
    const { receiver, alerts } = (await json(request)) as WebhookBody;
    const atMs = performance.now();
    for (const { status, labels, annotations } of alerts) {
      notices.push({ atMs, status, receiver, labels, annotations });
    }
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function waitFor(
    matches: (notice: Notice) => boolean,
    what: string,
    timeoutMs: number,
  ): Promise<Notice> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const found = notices.find(matches);
      if (found !== undefined) return found;
      if (performance.now() > deadlineMs) {
        throw new Error(`${what} did not come within ${Math.round(timeoutMs)} ms`);
      }
      await wait(POLL_MS);
    }
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    notices,
    waitFor,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
