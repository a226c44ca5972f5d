/**
 * Gives items to `work` when all that the event loop had ready in this turn has been read and answered. Work of one kind
 * that is done in a row finds its code and data in the processor's caches; between two requests it would find neither.
 * What `work` throws concerns its own item alone.
 */
export function atTurnEnd<Item>(
  work: (item: Item) => void,
  onError: (error: unknown, item: Item) => void,
): (item: Item) => void {
  let items: Item[] = [];
  const run = (): void => {
    const group = items;
    items = [];
    for (const item of group) {
      try {
        work(item);
      } catch (error) {
        onError(error, item);
      }
    }
  };
  return (item) => {
    if (items.push(item) === 1) setImmediate(run);
  };
}
