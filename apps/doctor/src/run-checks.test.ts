import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { fail, ok } from './check-result.ts';
import { deploymentThatSays } from './deployment-fixture.ts';
import { readText } from './read-answer.ts';
import type { Check } from './result-of.ts';
import { runChecks } from './run-checks.ts';

const settings = deploymentThatSays({});

/** What one check finds that asks a server which behaves like this. */
async function ask(listener: RequestListener, deadlineMs?: number): Promise<unknown> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const place = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x?key=k`, headers: {} };
  const check: Check = async (deployment) => {
    const { text } = await readText(deployment, { place, whenSilent: 'Look.', whenRefused: 'Log in.' });
    return ok(text);
  };
  const [result] = await runChecks(settings, { check }, deadlineMs);
  server.closeAllConnections();
  server.close();
  return result;
}

describe('a run of checks', () => {
  test('gives every result under its name, secrets and control characters taken out', async () => {
    const checks = {
      one: async () => ok('told token-of-mine\n to all'),
      two: async () => fail('no', 'Hide token-of-mine.'),
    };
    expect(await runChecks({ ...settings, secrets: ['token-of-mine'] }, checks)).toEqual([
      { name: 'one', status: 'ok', answer: 'told (hidden)  to all' },
      { name: 'two', status: 'fail', answer: 'no', next: 'Hide (hidden).' },
    ]);
  });

  test('is not ended by a check that throws, or by one that never ends', async () => {
    const checks: Record<string, Check> = {
      thrown: () => {
        throw new TypeError('secret');
      },
      rejected: () => Promise.reject(7),
      hanging: () => new Promise(() => undefined),
      good: async () => ok('yes'),
    };
    const results = await runChecks(settings, checks, 20);
    expect(results.map(({ status, answer }) => `${status}: ${answer}`)).toEqual([
      'fail: the check itself failed (TypeError)',
      'fail: the check itself failed (number)',
      'fail: the check did not come to an end',
      'ok: yes',
    ]);
  });

  test('has a deadline for who never answers, or never ends its answer', async () => {
    const answer = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/x does not answer in time$/);
    expect(await ask(() => undefined, 200)).toMatchObject({ status: 'fail', answer });
    expect(await ask((_, response) => void response.write('{'), 200)).toMatchObject({
      status: 'fail',
      answer,
    });
  });

  test('gives up a flood after 16 MB', async () => {
    const block = Buffer.alloc(1_000_000, 'x');
    let written = 0;
    const result = await ask((_, response) => {
      const go = (): void => {
        while (written < 500 && !response.destroyed) {
          written += 1;
          if (!response.write(block)) return void response.once('drain', go);
        }
      };
      go();
    });
    expect(result).toMatchObject({ answer: expect.stringMatching(/ sends more than 16 MB$/) });
    expect(written).toBeLessThan(100);
  });

  test('follows no redirect', async () => {
    const paths: unknown[] = [];
    const result = await ask((request, response) => {
      paths.push(request.url);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect(result).toMatchObject({
      status: 'fail',
      answer: expect.stringMatching(/ answers 302$/),
      next: 'Look.',
    });
    expect(paths).toEqual(['/x?key=k']);
  });

  test.each([
    ['a cut answer', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx', /ends the connection/],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n', /answers with something that is no HTTP$/],
    ['nothing', '', /ends the connection/],
  ])('tells of %s', async (_, bytes, answer) => {
    const result = await ask((request) => void request.socket.end(bytes));
    expect(result).toMatchObject({ status: 'fail', answer: expect.stringMatching(answer) });
  });

  test('tells what to do about refused credentials', async () => {
    const result = await ask((_, response) => void response.writeHead(403).end());
    expect(result).toMatchObject({ answer: expect.stringMatching(/ answers 403$/), next: 'Log in.' });
  });
});
