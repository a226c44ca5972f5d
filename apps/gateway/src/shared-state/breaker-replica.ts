import { setTimeout as wait } from 'node:timers/promises';
import { createProviderHealth, type HealthTransition, type ProviderHealth } from '@gatewayz/provider-health';
import { createRedisLink, type RedisEvent, type RedisLink } from '@gatewayz/redis-link';
import { createSharedBreakers } from './share-breakers.ts';

export const OPEN_MS = 30_000;

/** The breakers of one process, and what was asked of Redis. */
export interface Replica {
  readonly health: ProviderHealth;
  readonly link: RedisLink;
  readonly asked: RedisEvent[];
  readonly transitions: HealthTransition[];
  state(model?: string): string;
  /** One attempt at a model, the end of which is a sample. */
  attempt(model: string, verdict: 'success' | 'failure'): boolean;
  trip(model?: string): void;
  puts(): number;
  close(): Promise<void>;
}

function createHealth(onTransition: (transition: HealthTransition) => void): ProviderHealth {
  const breaker = { consecutiveFailures: 3, openMs: OPEN_MS, maxOpenMs: 300_000, jitter: 0, closeAfter: 2 };
  return createProviderHealth({ provider: 'groq', random: () => 0, breaker, onTransition });
}

/** Starts a replica that knows one provider; it is there when Redis answers, where it has to. */
export async function createReplica(
  url: string,
  now: () => number,
  { intervalMs = 40, waits = true }: { readonly intervalMs?: number; readonly waits?: boolean } = {},
): Promise<Replica> {
  const asked: RedisEvent[] = [];
  const transitions: HealthTransition[] = [];
  const link = createRedisLink({ url, holdOffMs: 50, onOperation: (event) => asked.push(event) });
  const health: ProviderHealth = createHealth((transition) => {
    transitions.push(transition);
    shared.changed(transition);
  });
  const shared = createSharedBreakers({ redis: link, providers: [health], now, intervalMs });
  shared.start();
  while (waits && !link.isAvailable()) await wait(10);
  const breakerOf = (model?: string): ProviderHealth['breaker'] =>
    model === undefined ? health.breaker : health.model(model).breaker;
  const attempt = (breaker: ProviderHealth['breaker'], verdict: 'success' | 'failure'): boolean => {
    const permit = breaker.tryAcquire(now());
    if (permit !== null) breaker.end(permit, verdict, now());
    return permit !== null;
  };
  return {
    health,
    link,
    asked,
    transitions,
    state: (model) => breakerOf(model).state(now()).kind,
    attempt: (model, verdict) => attempt(breakerOf(model), verdict),
    trip(model = 'llama') {
      for (let failures = 0; failures < 3; failures++) attempt(breakerOf(model), 'failure');
    },
    close: async () => {
      shared.stop();
      await link.close();
    },
    puts: () => asked.filter(({ operation }) => operation === 'breakers_put').length,
  };
}
