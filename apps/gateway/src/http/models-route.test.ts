import { temporaryFolder } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import type { Catalogue } from '../providers/catalogue.ts';
import { CONFIGURED_KEY, startAccountServer } from './admin/account-server.ts';
import { addModelsRoute } from './models-route.ts';

const CATALOGUE: Catalogue = {
  resolve: () => ({ kind: 'unknown' }),
  list: () => [
    { id: 'chat', providers: ['groq', 'spare'] },
    { id: 'small', providers: ['spare'] },
    { id: 'large', providers: ['groq'] },
  ],
  start() {},
  stop() {},
};

test('a key sees the models, and of each the providers, that it is for', async () => {
  await using folder = await temporaryFolder();
  await using server = await startAccountServer(folder.path, {
    addMore: (fastify) => addModelsRoute(fastify, CATALOGUE),
  });
  await server.ask('POST', '/admin/users', { id: 'ann' });
  const listed = async (restrictions: object): Promise<unknown> => {
    const key = { user_id: 'ann', name: 'laptop', ...restrictions };
    const { token } = (await server.ask('POST', '/admin/keys', key)).json;
    const { json } = await server.ask('GET', '/v1/models', undefined, token);
    return Object.fromEntries(json.data.map(({ id, providers }: Record<string, unknown>) => [id, providers]));
  };
  const all = { chat: ['groq', 'spare'], small: ['spare'], large: ['groq'] };
  expect(await listed({})).toEqual(all);
  expect(await listed({ models: ['small', 'large', 'gone'] })).toEqual({ small: ['spare'], large: ['groq'] });
  expect(await listed({ providers: ['groq'] })).toEqual({ chat: ['groq'], large: ['groq'] });
  expect(await listed({ providers: ['groq'], models: ['small'] })).toEqual({});
  const { json } = await server.ask('GET', '/v1/models', undefined, CONFIGURED_KEY);
  expect(json.data).toHaveLength(3);
});
