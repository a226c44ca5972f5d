import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startRedis } from './start-redis.ts';

function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.once('error', reject);
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(answer.toString());
    });
  });
}

test('a real Redis answers, not while it is paused, and leaves neither process nor folder', async () => {
  const redis = await startRedis({ args: ['--maxmemory', '8mb'] });
  const folder = /\$\d+\r\n(\/\S+)\r\n$/.exec(await ask(redis.port, 'CONFIG GET dir'))?.[1] ?? '';
  expect(existsSync(folder)).toBe(true);
  expect(await ask(redis.port, 'CONFIG GET maxmemory')).toContain('8388608');
  redis.pause();
  let isAnswered = false;
  const answer = ask(redis.port, 'PING').finally(() => {
    isAnswered = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(isAnswered).toBe(false);
  redis.resume();
  expect(await answer).toBe('+PONG\r\n');
  redis.pause();
  await redis.stop();
  expect((await redis.process.exit).signal).not.toBe('SIGKILL');
  expect(existsSync(folder)).toBe(false);
});

test('a Redis comes back at the address of one that was killed', async () => {
  const first = await startRedis();
  first.process.kill('SIGKILL');
  await first.process.exit;
  await using second = await startRedis({ port: first.port });
  expect(second.url).toBe(first.url);
  expect(await ask(first.port, 'PING')).toBe('+PONG\r\n');
  await first.stop();
});
