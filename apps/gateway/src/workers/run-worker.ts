import type { Config, Secrets } from '@gatewayz/config';
import type { Gateway } from '../gateway.ts';
import type { ToPrimary, ToWorker, WorkerStart } from './worker-message.ts';
import { type WorkerPlace, WorkerSeat } from './worker-place.ts';

/** Builds the gateway of one worker. */
export type CreateWorkerGateway = (config: Config, secrets: Secrets, place: WorkerPlace) => Promise<Gateway>;

/**
 * Runs a gateway as one of several workers until it is told to end, by the primary process or by a signal. Rejects
 * where it does not start.
 */
export async function runWorker(
  config: Config,
  secrets: Secrets,
  create: CreateWorkerGateway,
): Promise<void> {
  const { number, port, generatedKey } = await sayHello();
  const seat = new WorkerSeat(number, { send });
  const isOver = Promise.withResolvers<void>();
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'drain') isOver.resolve();
    else seat.hear(message);
  });
  // A signal to the whole group comes to the primary process as well: what is then a second one is no news.
  process.on('SIGTERM', () => isOver.resolve());
  process.on('SIGINT', () => isOver.resolve());

  const clientKeys = generatedKey === null ? secrets.clientKeys : [generatedKey];
  const gateway = await create(
    { ...config, server: { ...config.server, port } },
    { ...secrets, clientKeys },
    seat,
  );
  const url = await gateway.listen();
  await send({ kind: 'listening', url });
  await isOver.promise;
  await gateway.drain();
  await seat.leave();
  // Without its channel a worker ends, with 0.
  process.disconnect();
}

function sayHello(): Promise<WorkerStart> {
  return new Promise((resolve) => {
    const onMessage = (message: ToWorker): void => {
      if (message.kind !== 'start') return;
      process.off('message', onMessage);
      resolve(message);
    };
    process.on('message', onMessage);
    void send({ kind: 'hello' });
  });
}

function send(message: ToPrimary): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || process.send === undefined) resolve();
    // An error here is a primary process that is gone, and then this one goes as well.
    else process.send(message, undefined, undefined, () => resolve());
  });
}
