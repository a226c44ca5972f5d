import {
  type FakeProvider,
  type FakeProviderOptions,
  type RunningGateway,
  type RunningRedis,
  startFakeProvider,
  startGateway,
  startRedis,
} from '@gatewayz/testkit';
import { vi } from 'vitest';
import { type Answer, ask } from '../ask.ts';
import { runCommand } from '../command.ts';

export const ADMIN_TOKEN = 'the-admin-token-of-the-tests';
/** For what a busy machine may be late with. */
export const PATIENT = { timeout: 15_000, interval: 20 };

export interface RedisStageOptions {
  /** How many gateways share the Redis; default 1. */
  readonly gateways?: number;
  /** Keys of the configuration. */
  readonly keys: readonly string[];
  /** Those of the other gateways, where they are not the same. */
  readonly otherKeys?: readonly string[];
  readonly provider?: FakeProviderOptions;
  /** What the provider lists; default `large`. */
  readonly models?: readonly string[];
  readonly config?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly redisArgs?: readonly string[];
  /** Where the gateways look for Redis, seen from its port; default there. */
  readonly toRedisUrl?: (port: number) => Promise<string>;
}

/** Real gateways on one real Redis, before one fake provider. */
export interface RedisStage extends AsyncDisposable {
  readonly redis: RunningRedis;
  readonly provider: FakeProvider;
  readonly gateways: readonly RunningGateway[];
  readonly gateway: RunningGateway;
  readonly other: RunningGateway;
  /** Asks Redis itself. Throws where it refuses. */
  command(...words: readonly string[]): Promise<string>;
  /** Has Redis killed, as by the kernel. */
  killRedis(): Promise<void>;
  /** Starts an empty Redis where the former one was. */
  startRedisAgain(): Promise<void>;
}

/** Starts everything, and waits until each gateway has heard of its Redis. */
export async function startRedisStage(options: RedisStageOptions): Promise<RedisStage> {
  const { gateways: count = 1, models = ['large'], toRedisUrl } = options;
  await using stack = new AsyncDisposableStack();
  let redis = await startRedis({ args: options.redisArgs ?? [] });
  stack.defer(() => redis.stop());
  const provider = await startFakeProvider(options.provider ?? {});
  stack.defer(() => provider.close());
  const { port } = redis;
  const redisUrl = await (toRedisUrl?.(port) ?? redis.url);
  const gateways = await Promise.all(
    Array.from({ length: count }, async (_, index) =>
      stack.use(
        await startGateway({
          config: {
            auth: { mode: 'keys', keys: index === 0 ? options.keys : (options.otherKeys ?? options.keys) },
            // The provider's models have no price, and cost users nothing.
            ledger: { unpriced: 'allow' },
            ...options.config,
            providers: { primary: { baseUrl: provider.url, apiKey: 'sk-of-the-provider', models } },
          },
          env: { REDIS_URL: redisUrl, ADMIN_TOKEN, ...options.env },
        }),
      ),
    ),
  );
  await Promise.all(gateways.map(knowsRedis));
  const owned = stack.move();
  return {
    get redis() {
      return redis;
    },
    provider,
    gateways,
    gateway: gateways[0] as RunningGateway,
    other: gateways[1] ?? (gateways[0] as RunningGateway),
    async command(...words) {
      const { code, stdout, stderr } = await runCommand(
        'redis-cli',
        ['-e', '-p', String(port), ...words],
        '',
      );
      if (code !== 0) throw new Error(`Redis refused ${words.join(' ')}: ${stdout}${stderr}`);
      return stdout.trim();
    },
    async killRedis() {
      redis.process.kill('SIGKILL');
      await redis.process.exit;
    },
    async startRedisAgain() {
      await redis.stop();
      redis = await startRedis({ port, args: options.redisArgs ?? [] });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function knowsRedis(gateway: RunningGateway): Promise<void> {
  await vi.waitFor(async () => {
    const metrics = await gateway.metrics();
    if (metrics.value('redis_up') !== 1) throw new Error('The gateway has not heard of Redis.');
  }, PATIENT);
}

/** How many operations of a gateway ended so, or in whatever way. */
export async function operationsOf(
  gateway: RunningGateway,
  operation: string,
  status?: 'success' | 'error' | 'timeout',
): Promise<number> {
  const labels = { operation, ...(status === undefined ? {} : { status }) };
  return (await gateway.metrics()).sum('gatewayz_redis_operations_total', labels);
}

/** Makes a chat request with a client's key. */
export function chat(
  gateway: Pick<RunningGateway, 'url'>,
  key: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  const body = { model: 'large', messages: [{ role: 'user', content: 'Hello' }], ...more };
  return ask(gateway, { headers: { authorization: `Bearer ${key}` }, body });
}

/** Asks the admin API, and gives what it answers. Throws where it refuses. */
export async function admin<T>(
  gateway: Pick<RunningGateway, 'url'>,
  path: string,
  body: object,
  method = 'POST',
): Promise<T> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const { status, text, json } = await ask(gateway, { path: `/admin${path}`, method, headers, body });
  if (status >= 300) throw new Error(`${path} answered ${status}: ${text}`);
  return json as T;
}

/** Makes a user who has credit, and a key with the given limits. */
export async function createKey(
  gateway: Pick<RunningGateway, 'url'>,
  user: string,
  limits: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly id: string; readonly token: string }> {
  await admin(gateway, '/users', { id: user }).catch((error: unknown) => {
    if (!String(error).includes('409')) throw error;
  });
  await admin(gateway, `/users/${user}/credits`, { kind: 'grant', amount_micro: 100_000_000 });
  return admin(gateway, '/keys', { user_id: user, name: 'test', ...limits });
}

/** The value of a header that must be there. */
export function headerOf({ headers }: Answer, name: string): string {
  const value = headers.get(name);
  if (value === null) throw new Error(`The header ${name} is missing.`);
  return value;
}
