import { expect, test } from 'vitest';
import { readCommand, UsageError } from './read-command.ts';

const NOW_MS = Date.UTC(2026, 0, 31);
const read = (line: string) => readCommand(line.split(' ').filter(Boolean), NOW_MS);

test('a key is created with its limits, amounts being exact', () => {
  expect(
    read(
      'create --user ann --name laptop --credit 0.1 --budget 10 --models a,b/c --rpm 60 --concurrency 2 --expires 30d',
    ),
  ).toEqual({
    kind: 'create',
    json: false,
    user: 'ann',
    creditMicro: 100_000,
    key: {
      user_id: 'ann',
      name: 'laptop',
      models: ['a', 'b/c'],
      providers: undefined,
      requests_per_minute: 60,
      tokens_per_minute: undefined,
      concurrency: 2,
      budget_micro: 10_000_000,
      expires_at: '2026-03-02T00:00:00.000Z',
    },
  });
});

test.each([
  [
    'list --user ann --status active --json',
    { kind: 'list', filters: { user_id: 'ann', status: 'active' }, json: true },
  ],
  ['show key_1', { kind: 'show', id: 'key_1', json: false }],
  ['backup', { kind: 'backup', json: false }],
  ['revoke key_1', { kind: 'revoke', id: 'key_1', json: false }],
])('%s is understood', (line, command) => {
  expect(read(line)).toEqual(command);
});

test.each([
  '',
  'delete key_1',
  'toString',
  'show',
  'revoke a b',
  'list key_1',
  'show key_1 --user ann',
  'create --user ann',
  'create --name laptop',
  'create --user ann --name x --rpm 0',
  'create --user ann --name x --rpm 1.5',
  'create --user ann --name x --credit 0.0000001',
  'create --user ann --name x --credit -5',
  'create --user ann --name x --credit 0',
  'create --user ann --name x --credit 1e9',
  'create --user ann --name x --expires tomorrow',
  'create --user ann --name x --expires 2025-01-01',
  'create --user ann --name x --unknown 1',
])('%j is refused, and how it is said is shown', (line) => {
  expect(() => read(line)).toThrow(UsageError);
  expect(() => read(line)).toThrow('npm run -s keys --');
});

test.each(['', ' '])('a key without an id is refused: %j', (id) => {
  for (const kind of ['show', 'revoke']) expect(() => readCommand([kind, id])).toThrow(UsageError);
});

test.each(['--help', '-h', 'help', 'create --help'])('%s shows how it is said', (line) => {
  expect(() => read(line)).toThrow(expect.objectContaining({ isHelp: true }));
});
