import { DEFAULT_DEADLINE_MS } from './collectors.ts';
import type { Counter } from './counter.ts';
import type { ExpositionFormat } from './exposition-format.ts';
import {
  type ForeignFamilies,
  type ForeignLoss,
  foreignHeader,
  foreignSampleLine,
} from './foreign-families.ts';
import { readForeignLine } from './foreign-line.ts';
import { checkDeadline, GuardedTask } from './guarded-task.ts';
import { nextTurn } from './next-turn.ts';
import type { TextSlicer } from './text-slicer.ts';

/** Another library's registry: a prom-client `Registry` is one. */
export interface ForeignSource {
  metrics(): Promise<string>;
}

export type ForeignDropped = Counter<'reason'>;

/** The foreign registries that are shown beside ours. */
export class ForeignSources {
  readonly #tasks = new Set<GuardedTask<string>>();
  readonly #createDropped: () => ForeignDropped | null;
  #dropped: ForeignDropped | null = null;

  constructor(createDropped: () => ForeignDropped | null) {
    this.#createDropped = createDropped;
  }

  add(source: ForeignSource, deadlineMs: number = DEFAULT_DEADLINE_MS): () => void {
    checkDeadline(deadlineMs);
    const task = new GuardedTask<string>(() => source.metrics(), deadlineMs);
    this.#tasks.add(task);
    this.#dropped ??= this.#createDropped();
    return () => {
      this.#tasks.delete(task);
    };
  }

  /** Asks every source, side by side; one that fails, hangs or answers no string is counted and left out. */
  async read(): Promise<readonly string[]> {
    const outcomes = await Promise.all(Array.from(this.#tasks, (task) => task.run()));
    const texts: string[] = [];
    for (const outcome of outcomes) {
      if (outcome.kind === 'done' && typeof outcome.value === 'string') {
        texts.push(outcome.value);
      } else {
        this.#lose('unavailable', 1);
      }
    }
    return texts;
  }

  /** Sorts the texts into families, a slice per turn of the event loop, and counts what did not fit. */
  async sort(
    texts: readonly string[],
    families: ForeignFamilies,
    sliceBytes: number,
  ): Promise<ForeignFamilies> {
    let read = 0;
    for (const text of texts) {
      for (let at = 0; at < text.length; ) {
        const feed = text.indexOf('\n', at);
        const end = feed === -1 ? text.length : feed;
        families.add(readForeignLine(text.slice(at, end)));
        read += end - at;
        at = end + 1;
        if (read >= sliceBytes) {
          read = 0;
          await nextTurn();
        }
      }
    }
    this.#lose('collision', families.losses.collision);
    this.#lose('malformed', families.losses.malformed);
    return families;
  }

  #lose(reason: ForeignLoss | 'unavailable', count: number): void {
    this.#dropped?.labels({ reason }).inc(count);
  }
}

/** Renders the foreign families into the slicer. */
export async function renderForeign(
  families: ForeignFamilies,
  format: ExpositionFormat,
  slicer: TextSlicer,
): Promise<void> {
  for (const family of families.kept()) {
    slicer.add(foreignHeader(family, format));
    for (const sample of family.samples) {
      if (slicer.add(foreignSampleLine(sample, format))) {
        await slicer.pause();
      }
    }
  }
}
