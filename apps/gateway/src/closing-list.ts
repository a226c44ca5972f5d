/** What has been opened, to be closed in the opposite order: all of it, or what there was when opening failed. */
export class ClosingList {
  readonly #closers: (() => void | Promise<void>)[] = [];

  add(close: () => void | Promise<void>): void {
    this.#closers.push(close);
  }

  /** Closes each once, whatever the others do. Rejects with the first error, when all have been tried. */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

/** Gives what `open` opens; where it rejects, what it has opened by then is closed first. */
export async function openOrClose<Opened>(open: (opened: ClosingList) => Promise<Opened>): Promise<Opened> {
  const opened = new ClosingList();
  try {
    return await open(opened);
  } catch (error) {
    // Why it could not be opened says more than what followed from that.
    await opened.close().catch(() => {});
    throw error;
  }
}
