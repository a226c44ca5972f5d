import {
  keepCounts,
  type MergeRules,
  mergeSnapshots,
  type Registry,
  type RegistrySnapshot,
} from '@gatewayz/metrics';

export interface GatheredMetricsOptions {
  /** Shows what all have counted together, and nothing of its own. */
  readonly shown: Pick<Registry, 'restore'>;
  /** What the primary process counts itself. */
  readonly own: Pick<Registry, 'snapshot'>;
  readonly rules: MergeRules;
  /** Asks a worker for its values; it answers by `received`. */
  readonly ask: (worker: number, round: number) => void;
  /** How long a scrape waits for workers; default 500 ms. */
  readonly deadlineMs?: number;
}

/** One start of a worker, while it can still tell something. */
interface Teller {
  snapshot: RegistrySnapshot;
  isAlive: boolean;
  /** Whether a scrape waits for it. */
  isPrompt: boolean;
  answeredRound: number;
}

const DEADLINE_MS = 500;

/**
 * Keeps what each worker told last, and what those had counted that have ended: a count that was ever shown is never
 * taken back. Workers are known by the number of their start, which none has again.
 */
export class GatheredMetrics {
  readonly #options: GatheredMetricsOptions;
  readonly #tellers = new Map<number, Teller>();
  #ended: RegistrySnapshot = [];
  #own: RegistrySnapshot = [];
  #leader: number | null = null;
  #round = 0;
  #onAnswer: () => void = () => undefined;

  constructor(options: GatheredMetricsOptions) {
    this.#options = options;
  }

  joined(worker: number): void {
    this.#tellers.set(worker, { snapshot: [], isAlive: true, isPrompt: true, answeredRound: 0 });
  }

  leads(worker: number): void {
    this.#leader = worker;
  }

  /** Whether a worker has told something of late: for one that has not, no scrape waits. */
  prompt(worker: number, isPrompt: boolean): void {
    const teller = this.#tellers.get(worker);
    if (teller !== undefined) teller.isPrompt = isPrompt;
  }

  received(worker: number, snapshot: RegistrySnapshot, round: number | null): void {
    const teller = this.#tellers.get(worker);
    if (teller === undefined) return;
    const names = new Set(snapshot.map(({ name }) => name));
    // A worker that ends takes its process metrics out before it tells its last.
    const gone = keepCounts(teller.snapshot).filter(({ name }) => !names.has(name));
    teller.snapshot = [...snapshot, ...gone];
    teller.answeredRound = round ?? teller.answeredRound;
    this.#onAnswer();
  }

  /** The process is gone; what it sent before may still arrive. */
  exited(worker: number): void {
    const teller = this.#tellers.get(worker);
    if (teller !== undefined) teller.isAlive = false;
    if (this.#leader === worker) this.#leader = null;
    this.#onAnswer();
  }

  /** Nothing will arrive any more. */
  left(worker: number): void {
    const teller = this.#tellers.get(worker);
    if (teller === undefined) return;
    this.#tellers.delete(worker);
    const parts = [this.#ended, keepCounts(teller.snapshot)].map((snapshot) => ({
      snapshot,
      isLeader: false,
    }));
    this.#ended = mergeSnapshots(parts, this.#options.rules);
  }

  /** Asks all workers, waits for them until the deadline, and shows what there is then. */
  async gather(): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    const own = this.#options.own.snapshot({ collect: true });
    for (const [worker, { isAlive }] of this.#tellers) if (isAlive) this.#options.ask(worker, round);
    await this.#answersOf(round);
    this.#own = await own;
    this.show();
  }

  /** Shows what was told last. */
  show(): void {
    const { shown, rules } = this.#options;
    const told = Array.from(this.#tellers, ([worker, { snapshot, isAlive }]) => ({
      snapshot: isAlive ? snapshot : keepCounts(snapshot),
      isLeader: worker === this.#leader,
    }));
    const rest = [this.#ended, this.#own].map((snapshot) => ({ snapshot, isLeader: false }));
    shown.restore(mergeSnapshots([...told, ...rest], rules));
  }

  #answersOf(round: number): Promise<void> {
    const isWaitedFor = ({ isAlive, isPrompt, answeredRound }: Teller): boolean =>
      isAlive && isPrompt && answeredRound < round;
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#onAnswer = () => undefined;
        resolve();
      };
      const timer = setTimeout(finish, this.#options.deadlineMs ?? DEADLINE_MS);
      this.#onAnswer = () => {
        if (![...this.#tellers.values()].some(isWaitedFor)) finish();
      };
      this.#onAnswer();
    });
  }
}
