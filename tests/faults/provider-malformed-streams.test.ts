import { answers, noise, repliesHtml, type Script } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settledMetrics } from '../settled-metrics.ts';
import { askStream, expectBrokenStream, expectWholeStream } from './chat.ts';
import { type FaultStage, outcomesOf, startFaultStage, streamEndsOf } from './fault-stage.ts';

const TEN_MEGABYTES = 10 * 1024 * 1024;

function inserts(raw: string | Uint8Array, at = 3): Script {
  return answers({ insert: [{ at, raw }] });
}

const FAULTS = {
  'bad-json': inserts(noise.malformedJson),
  'not-an-object': inserts(noise.notAnObject),
  'bad-utf8': inserts(noise.invalidUtf8),
  nul: inserts(noise.nul),
  'long-line': inserts(noise.longLine(TEN_MEGABYTES)),
  'cr-only': answers({ lineEnd: '\r' }),
  crlf: answers({ lineEnd: '\r\n' }),
  bom: inserts(noise.byteOrderMark, 0),
  split: answers({ chunking: { sliceBytes: 1 }, text: 'é 東京 🌊 👩‍🚀' }),
  'event-only': inserts(noise.eventOnly),
  comments: inserts(noise.comment),
  'comments-first': inserts(noise.comment.repeat(20), 0),
  'done-twice': answers({ done: 'twice', chunking: 'allAtOnce' }),
  'data-after-done': answers({ done: 'then_data', chunking: 'allAtOnce' }),
  html: repliesHtml(),
};

let stage: FaultStage;

beforeAll(async () => {
  stage = await startFaultStage(FAULTS);
});

afterAll(() => stage.close());

/** The primary's stream reaches the client whole in spite of its oddity. */
async function expectUnharmed(model: string, dropped = 0): Promise<void> {
  const answer = await askStream(stage.gateway, { model });
  expectWholeStream(answer, stage.providers.primary.attempts(model)[0]?.textSent);
  expect(answer.provider).toBe('primary');
  const metrics = await settledMetrics(stage.gateway);
  expect(outcomesOf(metrics, 'primary', model)).toEqual({ success: 1 });
  expect(streamEndsOf(metrics, 'primary', model)).toEqual({ complete: 1 });
  expect(metrics.sum('gatewayz_stream_events_dropped_total', { provider: 'primary', model })).toBe(dropped);
}

test.each([
  [
    'Provider: malformed stream, bad JSON → the event is dropped and counted, the stream goes on',
    'bad-json',
    1,
  ],
  [
    'Provider: malformed stream, bad JSON → JSON that is no object is dropped and counted',
    'not-an-object',
    1,
  ],
  ['Provider: malformed stream, bad JSON → bytes that are no UTF-8 are dropped and counted', 'bad-utf8', 1],
  ['Provider: malformed stream, NUL → the event is dropped and counted, the stream goes on', 'nul', 1],
  ['Provider: malformed stream, CR only → read and passed on as it is', 'cr-only', 0],
  ['Provider: malformed stream, CR only → CRLF is read and passed on as it is', 'crlf', 0],
  ['Provider: malformed stream, BOM → read and passed on as it is', 'bom', 0],
  ['Provider: malformed stream, UTF-8 split over chunks → put together again', 'split', 0],
  ['Provider: malformed stream, `event:` only → harmless', 'event-only', 0],
  ['Provider: malformed stream, comments → harmless', 'comments', 0],
  [
    'Provider: malformed stream, comments → before the first event they are no first token',
    'comments-first',
    0,
  ],
  ['Provider: malformed stream, `[DONE]` twice → the client gets one', 'done-twice', 0],
  ['Provider: malformed stream, data after `[DONE]` → the client gets none of it', 'data-after-done', 0],
] as const)('%s', (_, model, dropped) => expectUnharmed(model, dropped));

test('Provider: malformed stream, 10 MB line → the line buffer is bounded, the stream ends as broken, another target completes it', async () => {
  expectWholeStream(await askStream(stage.gateway, { model: 'long-line' }));
  expectBrokenStream(
    await askStream(stage.gateway, { model: 'primary/long-line' }),
    firstPieces('long-line'),
  );
  const metrics = await settledMetrics(stage.gateway);
  expect(outcomesOf(metrics, 'spare', 'long-line')).toEqual({ success: 1 });
  expect(Object.keys(outcomesOf(metrics, 'primary', 'long-line'))).toEqual(['provider_error']);
});

test('Provider: malformed stream, bad JSON → an HTML page instead of a stream goes to the next target', async () => {
  const answer = await askStream(stage.gateway, { model: 'html' });
  expectWholeStream(answer);
  expect(answer.provider).toBe('spare');
  expect(outcomesOf(await settledMetrics(stage.gateway), 'primary', 'html')).toEqual({ provider_error: 1 });
});

/** The text that came before the third event. */
function firstPieces(model: string): string {
  const attempt = stage.providers.primary.attempts(model).at(-1);
  return attempt?.textSent ?? '';
}
