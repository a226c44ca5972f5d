import type { Config } from '@gatewayz/config';
import { expect, test } from 'vitest';
import { toBanner } from './banner.ts';

function configWith(more: object = {}): Config {
  return {
    auth: 'keys',
    providers: [
      { name: 'primary', models: ['large', 'small'] },
      { name: 'spare', models: null },
    ],
    models: [],
    ...more,
  } as unknown as Config;
}

const url = 'http://127.0.0.1:8000';
const facts = { url, config: configWith(), generatedKey: null, hasSandbox: false };

test('it says where everything is, and who answers', () => {
  const text = toBanner(facts);
  for (const place of ['/v1', '/health', '/metrics']) expect(text).toContain(`${url}${place}\n`);
  expect(text).toContain('Providers: primary, spare');
  expect(text).not.toContain('sandbox');
});

test('a key that was made for this start is shown, and stands in the command', () => {
  const text = toBanner({ ...facts, generatedKey: 'gz-abc' });
  expect(text).toContain('Key        gz-abc');
  expect(text).toContain('-H "authorization: Bearer gz-abc"');
});

test('a configured key is never shown: the command takes it from the environment', () => {
  expect(toBanner(facts)).toContain('-H "authorization: Bearer $GATEWAYZ_KEY"');
});

test('an open gateway wants no key', () => {
  expect(toBanner({ ...facts, config: configWith({ auth: 'open' }) })).not.toContain('authorization');
});

test.each([
  ['the first configured name', { models: [{ name: 'chat' }] }, 'chat'],
  ['else the first model of a provider', {}, 'large'],
  ['else a gap to fill', { providers: [{ name: 'a', models: null }] }, '<model>'],
])('the command asks for %s', (_, more, model) => {
  const body = /-d '(.*)'/.exec(toBanner({ ...facts, config: configWith(more) }))?.[1] ?? '';
  expect(JSON.parse(body)).toMatchObject({ model, messages: [{ role: 'user' }] });
});

test('the sandbox comes with a way to break it', () => {
  expect(toBanner({ ...facts, hasSandbox: true })).toContain(`${url}/sandbox/providers/sandbox-fast`);
});
