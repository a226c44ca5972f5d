import { describe, expect, test } from 'vitest';
import { DirectRelay } from './direct-relay.ts';
import { FakeOutlet, textChunk } from './stream-fixture.ts';
import { Transcript } from './transcript.ts';

/** A relay with bytes to pass on: each call names the region of its event. */
function relayOf(
  text: string,
  wantsUsage = false,
): { relay: DirectRelay; outlet: FakeOutlet; bytes: Buffer; writes: string[] } {
  const outlet = new FakeOutlet();
  const writes: string[] = [];
  const write = outlet.write.bind(outlet);
  outlet.write = (part) => {
    writes.push(part.toString());
    write(part);
  };
  return {
    relay: new DirectRelay(outlet, new Transcript(), wantsUsage),
    outlet,
    bytes: Buffer.from(text),
    writes,
  };
}

const USAGE = { choices: 0, indexes: [], usage: { prompt_tokens: 1 }, text: '' };

test('neighbouring events leave in one write, with the bytes that they came in', () => {
  const { relay, outlet, bytes, writes } = relayOf('aaabbbccc');
  relay.chunk(textChunk('1'), bytes, 0, 3);
  relay.empty(bytes, 3, 6);
  relay.chunk(textChunk('2'), bytes, 6, 9);
  expect(writes).toEqual([]);
  relay.flush(1);
  expect(writes).toEqual(['aaabbbccc']);
  expect(outlet).toMatchObject({ opened: 1, chunks: 2 });
});

test('what lies between two passed regions is left out', () => {
  const { relay, bytes, writes } = relayOf('aaaXXXccc');
  relay.chunk(textChunk('1'), bytes, 0, 3);
  relay.done(bytes, 6, 9);
  relay.flush(1);
  expect(writes).toEqual(['aaa', 'ccc']);
  expect(relay.isDone).toBe(true);
});

test('events of two buffers stay in their order', () => {
  const { relay, bytes, writes } = relayOf('aaa');
  relay.chunk(textChunk('1'), bytes, 0, 3);
  relay.chunk(textChunk('2'), Buffer.from('bbb'), 0, 3);
  relay.flush(1);
  relay.flush(2);
  expect(writes).toEqual(['aaa', 'bbb']);
});

test('nothing goes to the client before the first chunk does', () => {
  const { relay, outlet, bytes } = relayOf(': wait');
  relay.empty(bytes, 0, 6);
  relay.flush(1);
  expect(outlet).toMatchObject({ opened: 0, sent: '', chunks: 0 });
});

describe('a usage chunk', () => {
  test('that only the gateway asked for is kept from the client, and does not open the answer', () => {
    const { relay, outlet, bytes } = relayOf('usage');
    relay.chunk(textChunk('', USAGE), bytes, 0, 5);
    relay.flush(1);
    expect(outlet).toMatchObject({ opened: 0, sent: '' });
  });

  test('that the client asked for is passed on, and is no part of the answer', () => {
    const { relay, outlet, bytes } = relayOf('usage', true);
    relay.chunk(textChunk('', USAGE), bytes, 0, 5);
    relay.flush(1);
    expect(outlet).toMatchObject({ opened: 1, sent: 'usage', chunks: 0 });
  });
});
