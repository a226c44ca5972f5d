import { describe, expect, test } from 'vitest';
import { checkProviders } from './check-providers.ts';
import { deploymentThatSays } from './deployment-fixture.ts';

async function check(...statuses: readonly string[]): Promise<unknown> {
  const providers = statuses.map((status, index) => ({ name: `p${index}`, status }));
  return checkProviders(deploymentThatSays({ text: JSON.stringify({ providers }) }));
}

describe('the check of the providers', () => {
  test('is ok where none is down', async () => {
    expect(await check('healthy', 'unknown')).toEqual({ status: 'ok', answer: 'none of 2 is down' });
    expect(await check('degraded')).toEqual({ status: 'ok', answer: 'none of 1 is down, 1 degraded' });
  });

  test('warns of those that are', async () => {
    expect(await check('down', 'healthy', 'down')).toMatchObject({
      status: 'warn',
      answer: '2 of 3 down: p0, p2',
    });
  });

  test.each(['{}', '{"providers":7}', '{"providers":[null, 3]}'])(
    'warns where %s names none',
    async (text) => {
      expect(await checkProviders(deploymentThatSays({ text }))).toMatchObject({ status: 'warn' });
    },
  );
});
