import type { JobResult } from './job.ts';
import { LoadConnection, type Traffic } from './load-connection.ts';
import { Recorder } from './recorder.ts';

/** Connections that each send again as soon as they have their answer, for `seconds`; the last answers are awaited. */
export function runClosedLoop(
  target: Omit<Traffic, 'onAnswer' | 'onClose'>,
  connections: number,
  seconds: number,
): Promise<Omit<JobResult, 'cpuShare'>> {
  const recorder = new Recorder();
  const startedAt = performance.now();
  const deadline = startedAt + seconds * 1000;
  let open = connections;
  return new Promise((resolve) => {
    const traffic: Traffic = {
      ...target,
      onAnswer: (connection, error) => {
        const now = performance.now();
        recorder.add(connection, error, now);
        if (error === null && now < deadline) {
          connection.send(now);
        } else {
          connection.close();
        }
      },
      onClose: () => {
        open -= 1;
        if (open === 0) {
          resolve(recorder.result(startedAt, 0));
        }
      },
    };
    for (let index = 0; index < connections; index += 1) {
      new LoadConnection(traffic).send(startedAt);
    }
  });
}
