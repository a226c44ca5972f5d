import { expect, test } from 'vitest';
import { countSaidBytes, saidTexts } from './said-texts.ts';

test.each([
  [{ text: 'plain' }, ['plain']],
  [{ delta: { role: 'assistant', content: 'part' } }, ['part']],
  [{ message: { content: 'whole', refusal: null } }, ['whole']],
  [
    {
      message: {
        content: [
          { type: 'text', text: 'one' },
          { type: 'text', text: 'two' },
        ],
      },
    },
    ['one', 'two'],
  ],
  [{ delta: { refusal: 'no' } }, ['no']],
  [{ delta: { reasoning_content: 'why' } }, ['why']],
  [{ delta: { reasoning: 'why', reasoning_details: [{ text: 'why' }] } }, ['why']],
  [{ delta: { reasoning: '', reasoning_details: [{ type: 'reasoning.text', text: 'why' }] } }, ['why']],
  [
    { delta: { tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }] } },
    ['f', '{}'],
  ],
  [{ message: { tool_calls: [{ custom: { name: 'f', input: 'x' } }] } }, ['f', 'x']],
  [{ message: { function_call: { name: 'f', arguments: '{}' } } }, ['f', '{}']],
  [{ message: { audio: { data: 'AAAA', transcript: 'heard' } } }, ['heard']],
  [{ delta: { content: 7, tool_calls: 'none', audio: null } }, []],
  [{ delta: null }, []],
  [null, []],
  ['text', []],
])('%j says %j', (choice, texts) => {
  expect(saidTexts(choice)).toEqual(texts);
});

test('what is said is measured in bytes of UTF-8', () => {
  expect(countSaidBytes({ delta: { content: 'añ漢', reasoning: '!' } })).toBe(7);
});
