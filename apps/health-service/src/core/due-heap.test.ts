import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DueEntry, DueHeap } from './due-heap.ts';

test('whatever is put in, moved and taken out, the first is the earliest of those inside', () => {
  const step = fc.record({
    do: fc.constantFrom('place' as const, 'place' as const, 'remove' as const),
    entry: fc.nat(30),
    dueAtMs: fc.nat(1000),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 300 }), (steps) => {
      const heap = new DueHeap<DueEntry>();
      const entries = Array.from({ length: 31 }, (): DueEntry => ({ dueAtMs: 0, place: -1 }));
      const inside = new Set<DueEntry>();
      for (const { do: action, entry: index, dueAtMs } of steps) {
        const entry = entries[index] as DueEntry;
        if (action === 'remove') {
          heap.remove(entry);
          inside.delete(entry);
        } else {
          entry.dueAtMs = dueAtMs;
          heap.place(entry);
          inside.add(entry);
        }
        expect(heap.size).toBe(inside.size);
      }
      const order: number[] = [];
      for (let first = heap.first(); first !== undefined; first = heap.first()) {
        order.push(first.dueAtMs);
        heap.remove(first);
      }
      expect(order).toEqual([...inside].map(({ dueAtMs }) => dueAtMs).sort((a, b) => a - b));
    }),
  );
});
