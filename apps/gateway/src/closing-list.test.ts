import { expect, test } from 'vitest';
import { type ClosingList, openOrClose } from './closing-list.ts';

function addThree(opened: ClosingList, closed: string[]): void {
  for (const name of ['first', 'second', 'third']) {
    opened.add(async () => {
      closed.push(name);
      if (name === 'second') throw new Error('it cannot be closed');
    });
  }
}

test('what was opened is closed the other way round, once, and a failure keeps nothing open', async () => {
  const closed: string[] = [];
  const opened = await openOrClose(async (list) => {
    addThree(list, closed);
    return list;
  });
  expect(closed).toEqual([]);
  await expect(opened.close()).rejects.toThrow('it cannot be closed');
  await opened.close();
  expect(closed).toEqual(['third', 'second', 'first']);
});

test('where opening fails, what is open by then is closed, and the reason is told', async () => {
  const closed: string[] = [];
  const opening = openOrClose(async (list) => {
    addThree(list, closed);
    throw new Error('the fourth cannot be opened');
  });
  await expect(opening).rejects.toThrow('the fourth cannot be opened');
  expect(closed).toEqual(['third', 'second', 'first']);
});
