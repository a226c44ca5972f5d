import { BreakerBoard } from './breaker-board.ts';
import type { MachineMetrics } from './machine-metrics.ts';
import type { ToPrimary, WorkerStart } from './worker-message.ts';
import type { WorkerPool } from './worker-pool.ts';
import type { WorkerProcess } from './worker-slot.ts';

/** What the primary process needs to answer its workers. */
export interface WorkerHearing {
  readonly pool: Pick<WorkerPool, 'numberOf' | 'listening' | 'heard' | 'send'>;
  readonly machine: Pick<MachineMetrics, 'gathered' | 'answer'>;
  readonly start: Omit<WorkerStart, 'number'>;
  /** Each worker that listens, with the base URL that all of them have. */
  readonly onListening: (url: string) => void;
}

/** Makes what does as workers say: passes on, adds up, answers. */
export function createHearing(hearing: WorkerHearing): (worker: WorkerProcess, message: ToPrimary) => void {
  const { pool, machine, start, onListening } = hearing;
  const breakers = new BreakerBoard();
  return (worker, message) => {
    switch (message.kind) {
      case 'hello':
        worker.send({ kind: 'start', ...start, number: pool.numberOf(worker.id) ?? 0 });
        return;
      case 'listening':
        for (const news of breakers.standing()) worker.send({ kind: 'breaker', news });
        pool.listening(worker.id);
        onListening(message.url);
        return;
      case 'counts':
        pool.heard(worker.id);
        machine.gathered.received(worker.id, message.snapshot, message.round);
        return;
      case 'ask':
        void machine.answer(message).then((answer) => {
          worker.send({ kind: 'answer', question: message.question, answer });
        });
        return;
      case 'breaker':
        breakers.put(message.news);
        pool.send({ kind: 'breaker', news: message.news }, worker.id);
        return;
      default:
        message satisfies never;
    }
  };
}
