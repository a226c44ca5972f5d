import { expect, test } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { createUser, withKey } from './admin.ts';
import { openLedgerStage } from './ledger-stage.ts';

const EXTRA = { service_tier: 'priority' };

test('a user pays for no tier of service without a price: nobody is called; a key of the configuration may ask for it', async () => {
  await using stage = await openLedgerStage({
    databaseUrl: null,
    config: { ledger: { unpriced: 'refuse' } },
  });
  const gateway = await stage.start();
  const headers = withKey(await createUser(gateway, 'ann', 10 ** 9));
  const { status, error } = await ask(gateway, { body: chatBody('Hello', EXTRA), headers });
  expect([status, error?.type, error?.code, error?.param]).toEqual([
    400,
    'invalid_request_error',
    'field_unpriced',
    'service_tier',
  ]);
  expect(stage.provider.attempts()).toEqual([]);
  expect((await ask(gateway, { body: chatBody('Hello'), headers })).status).toBe(200);
  const configured = { authorization: 'Bearer configured-key' };
  expect((await ask(gateway, { body: chatBody('Hello', EXTRA), headers: configured })).status).toBe(200);
  expect(stage.provider.attempts().at(-1)?.json).toMatchObject(EXTRA);
});

test('where the operator lets users call what has no price, they get such a tier for the price of its tokens', async () => {
  await using stage = await openLedgerStage({ databaseUrl: null, config: { ledger: { unpriced: 'allow' } } });
  const gateway = await stage.start();
  const headers = withKey(await createUser(gateway, 'ann', 10 ** 9));
  expect((await ask(gateway, { body: chatBody('Hello', EXTRA), headers })).status).toBe(200);
  expect(stage.provider.attempts().at(-1)?.json).toMatchObject(EXTRA);
});
