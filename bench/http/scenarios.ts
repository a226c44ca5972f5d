import type { Loop } from '../load/job.ts';

/** One kind of load. */
export interface Scenario {
  /** `plain@16`, `stream@200/s`: answers or streams, at so many connections or so many a second. */
  readonly name: string;
  readonly stream: boolean;
  readonly loop: Loop;
}

const MAX_OPEN_CONNECTIONS = 256;
const SATURATING_CONNECTIONS = 16;

/** The connections of the closed loops where none are asked for. */
export const defaultConnections: readonly number[] = [1, 16, 64];

function closed(stream: boolean, connections: number): Scenario {
  const name = `${stream ? 'stream' : 'plain'}@${connections}`;
  return { name, stream, loop: { kind: 'closed', connections } };
}

function open(stream: boolean, ratePerSecond: number): Scenario {
  const name = `${stream ? 'stream' : 'plain'}@${ratePerSecond}/s`;
  return { name, stream, loop: { kind: 'open', ratePerSecond, maxConnections: MAX_OPEN_CONNECTIONS } };
}

/** The closed loops at the given connections, and the two open loops. */
export function scenarios(connections: readonly number[]): readonly Scenario[] {
  return [
    ...connections.map((count) => closed(false, count)),
    open(false, 2000),
    ...connections.map((count) => closed(true, count)),
    open(true, 200),
  ];
}

/** Whether the load fills the candidate's core. */
export function fillsCore({ loop }: Scenario): boolean {
  return loop.kind === 'closed' && loop.connections >= SATURATING_CONNECTIONS;
}

/** The load on so many workers together, where each is to have that of `loop`. */
export function loopForWorkers(loop: Loop, workers: number): Loop {
  switch (loop.kind) {
    case 'closed':
      return { kind: 'closed', connections: loop.connections * workers };
    case 'open':
      return {
        kind: 'open',
        ratePerSecond: loop.ratePerSecond * workers,
        maxConnections: loop.maxConnections * workers,
      };
    default:
      return loop satisfies never;
  }
}

/** How a scenario is called in a table. */
export function scenarioTitle({ stream, loop }: Scenario): string {
  const what = stream ? 'streams' : 'requests';
  return loop.kind === 'open'
    ? `${what}, ${loop.ratePerSecond.toLocaleString('en')}/s fixed`
    : `${what}, ${loop.connections} connection${loop.connections === 1 ? '' : 's'}`;
}
