interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Commits a group of items, and gives one result for each, in order. */
export type CommitGroup<Item, Result> = (items: readonly Item[]) => Promise<readonly Result[]>;

/**
 * Commits items in groups: those that come while one group is under way are the next one. Nobody waits for company,
 * and the more there is to do the larger the groups become, up to `maxGroup`.
 */
export class GroupCommit<Item, Result> {
  readonly #commit: CommitGroup<Item, Result>;
  readonly #maxGroup: number;
  #waiting: Waiting<Item, Result>[] = [];
  #isRunning = false;
  #whenIdle: (() => void)[] = [];

  constructor(commit: CommitGroup<Item, Result>, maxGroup: number) {
    this.#commit = commit;
    this.#maxGroup = maxGroup;
  }

  /** Resolves when the item's group has been committed; rejects with the group's failure. */
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
      const group = this.#waiting.splice(0, this.#maxGroup);
      await this.#commitGroup(group);
    }
    this.#isRunning = false;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  async #commitGroup(group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#commit(group.map(({ item }) => item));
      for (const [index, { resolve }] of group.entries()) resolve(results[index] as Result);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
