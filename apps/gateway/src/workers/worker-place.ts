import type { RegistrySnapshot } from '@gatewayz/metrics';
import type { Observability } from '@gatewayz/observability';
import type { HealthTransition, ProviderHealth } from '@gatewayz/provider-health';
import { hearNews, toNews } from './breaker-relay.ts';
import { EndpointDesk } from './endpoint-desk.ts';
import type { ToPrimary, ToWorker } from './worker-message.ts';

/** What a gateway is among the workers of its machine. */
export interface WorkerPlace {
  /** From 1, for what each worker must have to itself. */
  readonly number: number;
  /** The same, but its `/metrics` and views answer for all workers; its registry is told to the primary process. */
  share(observability: Observability): Observability;
  /** Runs `lead`, once, when this worker is to do what is done once on a machine; perhaps never. */
  whenLeader(lead: () => void): void;
  /** From now on these providers' breakers follow those of the other workers. */
  followBreakers(providers: readonly ProviderHealth[]): void;
  /** A breaker of this worker changed: the others hear of it. */
  breakerChanged(transition: HealthTransition): void;
}

/** How a worker speaks with the primary process. */
export interface PrimaryChannel {
  /** Resolves when the message is on its way, or cannot be. */
  send(message: ToPrimary): Promise<void>;
}

/** So much may be lost of what a worker counted that is killed. */
const TELL_INTERVAL_MS = 1000;

/** A worker's side of the talk with the primary process. */
export class WorkerSeat implements WorkerPlace {
  readonly number: number;
  readonly #channel: PrimaryChannel;
  readonly #desk: EndpointDesk;
  #registry: Observability['registry'] | null = null;
  #providers: ReadonlyMap<string, ProviderHealth> = new Map();
  #timer: NodeJS.Timeout | null = null;
  #isTelling = false;
  #isLeader = false;
  #lead: (() => void) | null = null;

  constructor(number: number, channel: PrimaryChannel) {
    this.number = number;
    this.#channel = channel;
    this.#desk = new EndpointDesk((question) => void channel.send(question));
  }

  share(observability: Observability): Observability {
    this.#registry = observability.registry;
    this.#timer = setInterval(() => void this.#tellOnTime(), TELL_INTERVAL_MS).unref();
    return { ...observability, endpoints: this.#desk.instead(observability.endpoints) };
  }

  whenLeader(lead: () => void): void {
    if (this.#isLeader) lead();
    else this.#lead = lead;
  }

  followBreakers(providers: readonly ProviderHealth[]): void {
    this.#providers = new Map(providers.map((health) => [health.provider, health]));
  }

  breakerChanged(transition: HealthTransition): void {
    const health = this.#providers.get(transition.provider);
    const news = health === undefined ? null : toNews(transition, health);
    if (news !== null) void this.#channel.send({ kind: 'breaker', news });
  }

  /** Does what the primary process says; what is not for the seat is left. */
  hear(message: ToWorker): void {
    switch (message.kind) {
      case 'lead':
        this.#isLeader = true;
        this.#lead?.();
        return;
      case 'collect':
        void this.#tell(message.round);
        return;
      case 'answer':
        this.#desk.answered(message.question, message.answer);
        return;
      case 'breaker': {
        const health = this.#providers.get(message.news.provider);
        if (health !== undefined) hearNews(message.news, health, performance.now());
        return;
      }
      case 'start':
      case 'drain':
        return;
      default:
        message satisfies never;
    }
  }

  /** Tells what was counted, for the last time. */
  async leave(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#tell(null);
  }

  /** While the primary process does not read, nothing is piled up for it. */
  async #tellOnTime(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    await this.#tell(null).finally(() => {
      this.#isTelling = false;
    });
  }

  async #tell(round: number | null): Promise<void> {
    // Collectors read files and ask pools: that is for scrapes.
    const snapshot: RegistrySnapshot = (await this.#registry?.snapshot({ collect: round !== null })) ?? [];
    await this.#channel.send({ kind: 'counts', round, snapshot });
  }
}
