import type { GatewayProcess } from './gateway-process.ts';

export interface TrafficOptions {
  readonly model: string;
  readonly perSecond: number;
  readonly stream?: boolean;
}

/** Requests that go on until they are stopped. */
export interface Traffic extends AsyncDisposable {
  readonly answered: number;
}

async function chat(gateway: Pick<GatewayProcess, 'url'>, model: string, stream = false): Promise<number> {
  try {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, stream, max_tokens: 16, messages: [{ role: 'user', content: 'Hello' }] }),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

/** Asks so many times a second, whether answers come or not. */
export function startTraffic(gateway: Pick<GatewayProcess, 'url'>, options: TrafficOptions): Traffic {
  const pending = new Set<Promise<void>>();
  let answered = 0;
  const timer = setInterval(() => {
    const request = chat(gateway, options.model, options.stream).then(() => {
      answered += 1;
      pending.delete(request);
    });
    pending.add(request);
  }, 1000 / options.perSecond);
  return {
    get answered() {
      return answered;
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await Promise.all(pending);
    },
  };
}
