import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { countEntries } from './count-entries.ts';

test('the lines of a push are those of all its streams', () => {
  const streams = [
    {
      stream: {},
      values: [
        ['1', 'a'],
        ['2', 'b'],
      ],
    },
    { stream: {}, values: [['3', 'c']] },
  ];
  const body = Buffer.from(JSON.stringify({ streams }));
  expect(countEntries('/loki/api/v1/push', false, body)).toBe(3);
  expect(countEntries('/loki/api/v1/push', true, gzipSync(body))).toBe(3);
});

/** A length-delimited field; none here is longer than one byte of length can say. */
const field = (number: number, ...parts: readonly Buffer[]): Buffer => {
  const bytes = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
};

test('the spans of an export are those of all its scopes, and of nothing else', () => {
  const span = field(2, Buffer.from([0x0a, 0x00]));
  const scope = field(2, field(1, Buffer.from('scope')), span, span);
  const resource = field(1, field(1, Buffer.from('resource')), scope, field(2, span));
  expect(countEntries('/v1/traces', false, Buffer.concat([resource, resource]))).toBe(6);
  expect(countEntries('/v1/traces', true, gzipSync(Buffer.alloc(0)))).toBe(0);
});
