import { setTimeout as wait } from 'node:timers/promises';
import { SqlError } from '@gatewayz/database';

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Commits a group of items, and gives one result for each, in order. */
export type CommitGroup<Item, Result> = (items: readonly Item[]) => Promise<readonly Result[]>;

/** Whether an error may be about one item's own data, and not about the database: the others are to be tried without it. */
export function isOfItem(error: unknown): boolean {
  return !(error instanceof SqlError) || error.code === 'invalid' || error.code === 'failed';
}

/**
 * Commits items in groups: those that come while one group is under way are the next one. An item that comes alone
 * does not wait for company; where there is more to do groups begin `spacingMs` apart, and become the larger, up to
 * `maxGroup`.
 */
export class GroupCommit<Item, Result> {
  readonly #commit: CommitGroup<Item, Result>;
  readonly #maxGroup: number;
  readonly #spacingMs: number;
  #waiting: Waiting<Item, Result>[] = [];
  #isRunning = false;
  #whenIdle: (() => void)[] = [];

  constructor(commit: CommitGroup<Item, Result>, maxGroup: number, spacingMs = 0) {
    this.#commit = commit;
    this.#maxGroup = maxGroup;
    this.#spacingMs = spacingMs;
  }

  /**
   * Resolves when the item's group has been committed; rejects with the group's failure, or with its own where the
   * data of one of them is refused: they are then tried in ever smaller groups.
   */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#isRunning) return;
      this.#isRunning = true;
      // Whatever else comes in this turn of the event loop is of the same group.
      setImmediate(() => void this.#run());
    });
  }

  /** Resolves when nothing is waiting any more. */
  idle(): Promise<void> {
    if (!this.#isRunning) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const beganAt = performance.now();
      await this.#commitGroup(this.#waiting.splice(0, this.#maxGroup));
      const restMs = this.#spacingMs - (performance.now() - beganAt);
      if (restMs > 0 && this.#waiting.length < this.#maxGroup) await wait(restMs);
    }
    this.#isRunning = false;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  async #commitGroup(group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#commit(group.map(({ item }) => item));
      for (const [index, { resolve }] of group.entries()) resolve(results[index] as Result);
    } catch (error) {
      if (group.length > 1 && isOfItem(error)) {
        const middle = group.length >> 1;
        await this.#commitGroup(group.slice(0, middle));
        await this.#commitGroup(group.slice(middle));
      } else {
        // What waits behind a database that hangs would only wait the longer.
        const isHanging = error instanceof SqlError && error.code === 'timeout';
        const failed = isHanging ? [...group, ...this.#waiting.splice(0)] : group;
        for (const { reject } of failed) reject(error);
      }
    }
  }
}
