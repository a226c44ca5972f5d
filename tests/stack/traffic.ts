import type { GatewayProcess } from './gateway-process.ts';

export interface TrafficOptions {
  readonly model: string;
  readonly perSecond: number;
  readonly stream?: boolean;
  /** Keys of users, who ask in turn; without one nobody pays. */
  readonly tokens?: readonly string[];
}

/** Requests that go on until they are stopped. */
export interface Traffic extends AsyncDisposable {
  readonly answered: number;
}

/** Asks, and never rejects: 0 where no answer came. */
async function chat(
  gateway: Pick<GatewayProcess, 'url'>,
  { model, stream = false }: Pick<TrafficOptions, 'model' | 'stream'>,
  token?: string,
): Promise<number> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
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
  const { tokens = [] } = options;
  let asked = 0;
  let answered = 0;
  const timer = setInterval(() => {
    const token = tokens[asked % tokens.length];
    asked += 1;
    const request = chat(gateway, options, token).then(() => {
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

const AT_ONCE = 16;

/** Asks once for each of these models, some of them at a time. */
export async function askOnce(
  gateway: Pick<GatewayProcess, 'url'>,
  models: readonly string[],
): Promise<void> {
  const waiting = [...models];
  const askAll = async (): Promise<void> => {
    for (let model = waiting.pop(); model !== undefined; model = waiting.pop())
      await chat(gateway, { model });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, askAll));
}
