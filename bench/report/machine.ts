import { availableParallelism, cpus, release, totalmem, type } from 'node:os';

/** The machine in one line: nothing in it names a host. */
export function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const kernel = /^\d+\.\d+(\.\d+)?/.exec(release())?.[0] ?? release();
  return `${model}, ${availableParallelism()} cores, ${memory} GiB, ${type()} ${kernel}, Node ${process.versions.node}`;
}
