import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { outcomeOfError } from './outcome-of-error.ts';
import { close, listen } from './test-support/contract-host.ts';

test('a connection that is refused is the network', async () => {
  const server = createServer();
  const url = await listen(server);
  await close(server);
  const error = await fetch(url).catch((caught: unknown) => caught);
  expect(outcomeOfError(error)).toBe('network');
});

test('a deadline that passes is a timeout, and an answer that is no JSON is the provider', async () => {
  const server = createServer(
    (request, response) => void (request.url === '/hang' || response.end('<html>')),
  );
  const url = await listen(server);
  const late = await fetch(`${url}/hang`, { signal: AbortSignal.timeout(5) }).catch(
    (caught: unknown) => caught,
  );
  const html = await (await fetch(url)).json().catch((caught: unknown) => caught);
  expect([outcomeOfError(late), outcomeOfError(html)]).toEqual(['timeout', 'provider_error']);
  await close(server);
});

test.each([undefined, null, 'text', new Error('unknown'), { code: 'ECONNRESET' }])(
  'what nobody knows is our own failure: %s',
  (error) => {
    expect(outcomeOfError(error)).toBe('gateway');
  },
);

test('an error that is its own cause comes to an end', () => {
  const error = new Error('round');
  error.cause = error;
  expect(outcomeOfError(error)).toBe('gateway');
});
