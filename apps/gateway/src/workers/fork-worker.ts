import cluster from 'node:cluster';
import type { ToPrimary } from './worker-message.ts';
import type { WorkerEnd, WorkerProcess } from './worker-slot.ts';

/** Who hears of a worker's process. */
export interface WorkerListener {
  message(worker: WorkerProcess, message: ToPrimary): void;
  ended(worker: WorkerProcess, end: WorkerEnd): void;
  /** After its end, when the last that it sent has been heard. */
  left(worker: WorkerProcess): void;
}

/** Sets how workers are started; once, before the first. */
export function prepareCluster(): void {
  // Every worker accepts connections itself, so that one that hangs gets none; handed out by turns, it would.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ serialization: 'advanced' });
}

/** Starts one process more with the arguments and the environment of this one. */
export function forkWorker(listener: WorkerListener): WorkerProcess {
  const child = cluster.fork();
  const worker: WorkerProcess = {
    id: child.id,
    pid: child.process.pid,
    // The error of a worker that is gone is its end.
    send: (message) => void (child.isConnected() && child.process.send(message, () => undefined)),
    kill: () => void child.process.kill('SIGKILL'),
  };
  child.on('error', () => undefined);
  child.on('message', (message: ToPrimary) => listener.message(worker, message));
  child.once('exit', (code, signal) => {
    listener.ended(worker, { code, signal });
    if (child.isConnected()) child.once('disconnect', () => listener.left(worker));
    else listener.left(worker);
  });
  return worker;
}
