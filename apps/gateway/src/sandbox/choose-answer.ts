import { type AnswerText, answerSource } from './answer-source.ts';
import { hashText } from './hash-text.ts';

const minimumWordLength = 4;
const topicWeight = 3;

interface IndexedAnswer {
  readonly text: string;
  readonly topics: ReadonlySet<string>;
  readonly words: ReadonlySet<string>;
}

function toStem(word: string): string {
  return word.length > minimumWordLength && word.endsWith('s') ? word.slice(0, -1) : word;
}

function readWords(text: string): readonly string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map(toStem);
}

function indexAnswer(answer: AnswerText): IndexedAnswer {
  const words = readWords(answer.text).filter((word) => word.length >= minimumWordLength);
  return { text: answer.text, topics: new Set(answer.topics.map(toStem)), words: new Set(words) };
}

const index: readonly IndexedAnswer[] = answerSource.map(indexAnswer);

function scoreAnswer(answer: IndexedAnswer, question: ReadonlySet<string>): number {
  let score = 0;
  for (const topic of answer.topics) if (question.has(topic)) score += topicWeight;
  for (const word of answer.words) if (question.has(word)) score += 1;
  return score;
}

/**
 * Picks the built-in text that shares most words with a question; where none does, the question's hash decides.
 * The same question always gets the same text.
 */
export function chooseAnswer(question: string): string {
  const words = new Set(readWords(question));
  let best = index[hashText(question) % index.length];
  let bestScore = 0;
  for (const answer of index) {
    const score = scoreAnswer(answer, words);
    if (score > bestScore) {
      best = answer;
      bestScore = score;
    }
  }
  return best?.text ?? '';
}
