import { Agent, request } from 'undici';
import type { TrafficWindow } from './traffic-window.ts';

const READ_TIMEOUT_MS = 10_000;
const MAX_BYTES = 67_108_864;

/** Where the backend's metrics are, and who hears of failures. */
export interface TrafficReaderOptions {
  readonly backendUrl: string;
  readonly metricsToken: string | null;
  readonly everyMs: number;
  readonly window: TrafficWindow;
  /** After every reading that went well. */
  readonly onRead: () => void;
  /** Once for every run of failures. */
  readonly onFailure: (error: unknown) => void;
}

/** Reads the backend's /metrics again and again. */
export interface TrafficReader {
  start(): void;
  stop(): Promise<void>;
}

/** Creates the reader of live traffic; while the backend cannot be read, traffic is unknown, and that is all. */
export function createTrafficReader(options: TrafficReaderOptions): TrafficReader {
  const { window, everyMs } = options;
  const agent = new Agent({ connections: 1, connect: { timeout: READ_TIMEOUT_MS } });
  const url = `${options.backendUrl.replace(/\/+$/, '')}/metrics`;
  const authorization =
    options.metricsToken === null ? {} : { authorization: `Bearer ${options.metricsToken}` };
  let timer: NodeJS.Timeout | null = null;
  let isStopped = false;
  let isFailing = false;

  async function read(): Promise<string> {
    const { statusCode, body } = await request(url, {
      dispatcher: agent,
      headers: { accept: 'text/plain;version=0.0.4', ...authorization },
      signal: AbortSignal.timeout(READ_TIMEOUT_MS),
    });
    if (statusCode !== 200) {
      // A body that is destroyed fails, and without a listener that would end the process.
      body.on('error', () => {}).destroy();
      throw new Error(`GET /metrics answered ${statusCode}`);
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES) throw new Error(`GET /metrics answered more than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  async function tick(): Promise<void> {
    try {
      const text = await read();
      if (isStopped) return;
      window.add(text, performance.now(), Date.now());
      isFailing = false;
      options.onRead();
    } catch (error) {
      if (isStopped) return;
      window.miss();
      if (!isFailing) options.onFailure(error);
      isFailing = true;
    }
    timer = setTimeout(() => void tick(), everyMs);
  }

  return {
    start() {
      void tick();
    },
    async stop() {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      await agent.destroy();
    },
  };
}
