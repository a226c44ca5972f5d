import { expect, test } from 'vitest';
import { textChunk } from './stream-fixture.ts';
import { Transcript } from './transcript.ts';

test('the text, its chunks and the first id and time are kept', () => {
  const transcript = new Transcript();
  transcript.add(textChunk('', { id: 'one', created: 7 }));
  transcript.add(textChunk('Once ', { id: 'two', created: 8 }));
  transcript.add(textChunk('upon', { isRepeated: true }));
  expect(transcript).toMatchObject({
    text: 'Once upon',
    textChunks: 2,
    id: 'one',
    created: 7,
    canContinue: true,
  });
});

test('a finish reason is the end of it', () => {
  const transcript = new Transcript();
  transcript.add(textChunk('The end.', { finished: [0] }));
  expect(transcript).toMatchObject({ text: 'The end.', isFinished: true, canContinue: false });
});

test.each([
  ['more than text', { hasMore: true }],
  ['another choice', { indexes: [1] }],
  ['two choices', { indexes: [0, 1], choices: 2 }],
] as const)('nothing is continued after %s, whatever follows', (_, more) => {
  const transcript = new Transcript();
  transcript.add(textChunk('a'));
  transcript.add(textChunk('b', more));
  transcript.add(textChunk('c'));
  expect(transcript.canContinue).toBe(false);
});

test('an answer that is too long is let go of', () => {
  const transcript = new Transcript();
  const megabyte = 'a'.repeat(1_048_576);
  transcript.add(textChunk(megabyte));
  expect(transcript.canContinue).toBe(true);
  transcript.add(textChunk('b'));
  expect(transcript).toMatchObject({ text: '', canContinue: false });
});
