import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerSource } from './answer-source.ts';
import { chooseAnswer } from './choose-answer.ts';
import { countPieces, splitPieces } from './split-pieces.ts';

describe('splitPieces', () => {
  it('splits any text into pieces that join back to it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(splitPieces(text).join('')).toBe(text);
        expect(countPieces(text)).toBe(splitPieces(text).length);
      }),
    );
  });

  it('splits long words and sets punctuation apart', () => {
    expect(splitPieces('A cardinality, then?')).toEqual(['A', ' cardinal', 'ity', ',', ' then', '?']);
  });
});

describe('chooseAnswer', () => {
  it('answers every topic with the text that belongs to it', () => {
    for (const { text, topics } of answerSource) expect(chooseAnswer(topics.join(' '))).toBe(text);
  });

  it('spreads questions without a known word over the texts', () => {
    const answers = new Set(Array.from({ length: 50 }, (_, index) => chooseAnswer(`zz${index}`)));
    expect(answers.size).toBeGreaterThan(5);
  });
});
