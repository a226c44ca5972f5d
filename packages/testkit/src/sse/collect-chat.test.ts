import { expect, test } from 'vitest';
import { collectChat } from './collect-chat.ts';
import type { SseEvent } from './read-sse.ts';

function event(data: unknown): SseEvent {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return { data: text, event: null, id: null, comments: [], raw: `data: ${text}`, atMs: 0 };
}

function delta(content: Record<string, unknown>, finish: string | null = null): SseEvent {
  return event({ id: 'a', model: 'm', choices: [{ index: 0, delta: content, finish_reason: finish }] });
}

test('text, role, finish reason, usage and the end are collected', () => {
  const chat = collectChat([
    delta({ role: 'assistant', content: '' }),
    delta({ content: 'Hel' }),
    delta({ content: 'lo' }),
    delta({}, 'stop'),
    event({ id: 'a', choices: [], usage: { total_tokens: 3 } }),
    event('[DONE]'),
  ]);
  expect(chat).toEqual({
    text: 'Hello',
    toolCalls: [],
    finishReasons: ['stop'],
    usage: { total_tokens: 3 },
    usageCount: 1,
    ids: ['a'],
    models: ['m'],
    roles: ['assistant'],
    done: true,
    eventsAfterDone: 0,
    errorEvent: null,
    malformed: [],
  });
});

test('tool calls are put together by index', () => {
  const call = (index: number, id: string | undefined, name: string | undefined, args: string): SseEvent =>
    delta({ tool_calls: [{ index, id, function: { name, arguments: args } }] });
  const chat = collectChat([
    call(0, 'c0', 'find', ''),
    call(1, 'c1', 'open', '{'),
    call(0, undefined, undefined, '{"a":1}'),
    call(1, undefined, undefined, '}'),
  ]);
  expect(chat.toolCalls).toEqual([
    { index: 0, id: 'c0', name: 'find', arguments: '{"a":1}' },
    { index: 1, id: 'c1', name: 'open', arguments: '{}' },
  ]);
});

test('the oddities of a stitched or broken stream stay visible', () => {
  const other = event({ id: 'b', choices: [{ index: 0, delta: { role: 'assistant', content: 'x' } }] });
  const chat = collectChat([
    delta({ role: 'assistant' }, 'stop'),
    event('{broken'),
    event('7'),
    event('[DONE]'),
    other,
    event({ error: { message: 'no' } }),
    event('[DONE]'),
  ]);
  expect(chat.ids).toEqual(['a', 'b']);
  expect(chat.roles).toEqual(['assistant', 'assistant']);
  expect(chat.malformed).toEqual(['{broken', '7']);
  expect(chat.eventsAfterDone).toBe(3);
  expect(chat.errorEvent).toEqual({ message: 'no' });
});

test('text completions and only the first choice are read', () => {
  const chat = collectChat([
    event({ choices: [{ index: 0, text: 'a' }] }),
    event({ choices: [{ index: 1, text: 'b' }] }),
  ]);
  expect(chat.text).toBe('a');
});
