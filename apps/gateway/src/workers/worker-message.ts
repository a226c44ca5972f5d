import type { RegistrySnapshot } from '@gatewayz/metrics';
import type { EndpointAnswer } from '@gatewayz/observability';
import type { BreakerNews } from './breaker-relay.ts';

/** What a worker is, once and for all. */
export interface WorkerStart {
  /** From 1; the one that takes a worker's place has its number again. */
  readonly number: number;
  readonly port: number;
  /** The clients' key where none is configured. */
  readonly generatedKey: string | null;
}

/** One of the module's own endpoints, asked of a worker. */
export interface EndpointQuestion {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the primary process tells a worker. */
export type ToWorker =
  | ({ readonly kind: 'start' } & WorkerStart)
  /** From now on it does what is to be done once on a machine. */
  | { readonly kind: 'lead' }
  | { readonly kind: 'collect'; readonly round: number }
  | { readonly kind: 'answer'; readonly question: number; readonly answer: EndpointAnswer }
  | { readonly kind: 'breaker'; readonly news: BreakerNews }
  | { readonly kind: 'drain' };

/** What a worker tells the primary process. */
export type ToPrimary =
  | { readonly kind: 'hello' }
  | { readonly kind: 'listening'; readonly url: string }
  /** `round` is null where it was not asked. */
  | { readonly kind: 'counts'; readonly round: number | null; readonly snapshot: RegistrySnapshot }
  | ({ readonly kind: 'ask'; readonly question: number } & EndpointQuestion)
  | { readonly kind: 'breaker'; readonly news: BreakerNews };
