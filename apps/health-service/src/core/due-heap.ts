/** What the heap orders: the place is the heap's own, -1 while the entry is in none. */
export type DueEntry = {
  dueAtMs: number;
  place: number;
};

/** A binary heap of entries by due time that can move or remove any of them in O(log n). */
export class DueHeap<Entry extends DueEntry> {
  readonly #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  first(): Entry | undefined {
    return this.#entries[0];
  }

  /** Puts an entry in, or to its right place after its due time has changed. */
  place(entry: Entry): void {
    if (entry.place < 0) {
      entry.place = this.#entries.length;
      this.#entries.push(entry);
    }
    this.#rise(entry);
    this.#sink(entry);
  }

  remove(entry: Entry): void {
    const { place } = entry;
    if (place < 0) return;
    entry.place = -1;
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  }

  #put(entry: Entry, place: number): void {
    this.#entries[place] = entry;
    entry.place = place;
  }

  #rise(entry: Entry): void {
    while (entry.place > 0) {
      const above = (entry.place - 1) >> 1;
      const parent = this.#entries[above];
      if (parent === undefined || parent.dueAtMs <= entry.dueAtMs) return;
      this.#swap(entry, parent);
    }
  }

  #sink(entry: Entry): void {
    for (;;) {
      const left = this.#entries[2 * entry.place + 1];
      const right = this.#entries[2 * entry.place + 2];
      const child = right !== undefined && left !== undefined && right.dueAtMs < left.dueAtMs ? right : left;
      if (child === undefined || child.dueAtMs >= entry.dueAtMs) return;
      this.#swap(entry, child);
    }
  }

  #swap(a: Entry, b: Entry): void {
    const { place } = a;
    this.#put(a, b.place);
    this.#put(b, place);
  }
}
