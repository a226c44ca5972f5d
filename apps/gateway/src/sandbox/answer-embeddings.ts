import { z } from 'zod';
import { hashText } from './hash-text.ts';
import { parseBody, requireModel } from './read-text-request.ts';
import { countPieces } from './split-pieces.ts';

const defaultDimensions = 256;
const noiseWeight = 0.05;

const embeddingsSchema = z.looseObject({
  model: z.string().min(1),
  input: z.union([
    z.string().min(1),
    z.array(z.string().min(1)).min(1).max(2048),
    z.array(z.int().min(0)).min(1),
    z
      .array(z.array(z.int().min(0)).min(1))
      .min(1)
      .max(2048),
  ]),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().min(1).max(3072).nullish(),
});

type EmbeddingsInput = z.infer<typeof embeddingsSchema>['input'];

interface InputItem {
  readonly text: string;
  readonly tokens: number;
}

function toItem(input: string | readonly number[]): InputItem {
  return typeof input === 'string'
    ? { text: input, tokens: countPieces(input) }
    : { text: input.join(' '), tokens: input.length };
}

function isTokenList(input: EmbeddingsInput): input is number[] {
  return Array.isArray(input) && typeof input[0] === 'number';
}

function toItems(input: EmbeddingsInput): readonly InputItem[] {
  if (typeof input === 'string' || isTokenList(input)) return [toItem(input)];
  return input.map(toItem);
}

/** A vector of length one that depends on nothing but the text; texts that share words lie closer together. */
function embedText(text: string, dimensions: number = defaultDimensions): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const hash = hashText(word);
    const slot = hash % dimensions;
    vector[slot] = (vector[slot] ?? 0) + (hash & 0x8000_0000 ? 1 : -1);
  }
  // A trace of the whole text's hash in every slot: no vector is zero, and word order makes a difference.
  let state = hashText(text) || 1;
  for (let slot = 0; slot < dimensions; slot += 1) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    vector[slot] = (vector[slot] ?? 0) + noiseWeight * ((state >>> 0) / 2 ** 31 - 1);
  }
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function toBase64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [slot, value] of vector.entries()) bytes.writeFloatLE(value, slot * 4);
  return bytes.toString('base64');
}

/** Answers `POST /v1/embeddings`. Throws `RequestRefused` for a body that OpenAI would refuse too. */
export function answerEmbeddings(body: unknown): object {
  const request = parseBody(embeddingsSchema, body);
  requireModel(request.model, 'embeddings');
  const items = toItems(request.input);
  const tokens = items.reduce((sum, item) => sum + item.tokens, 0);
  return {
    object: 'list',
    model: request.model,
    data: items.map((item, index) => {
      const vector = embedText(item.text, request.dimensions ?? defaultDimensions);
      const embedding = request.encoding_format === 'base64' ? toBase64(vector) : Array.from(vector);
      return { object: 'embedding', index, embedding };
    }),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
