import type { Profiler } from 'node:inspector';

/** Time spent in one function or one place itself, not in what it calls. */
export interface SelfTime {
  readonly name: string;
  /** Of the time in which the process was neither idle nor busy with the profiler itself: 0…1. */
  readonly share: number;
}

/** Where a process's time went. */
export interface SelfTimes {
  /** Of the profiled time: 0…1. */
  readonly busyShare: number;
  readonly functions: readonly SelfTime[];
  /** By package, room of this repository, or part of Node. */
  readonly places: readonly SelfTime[];
}

const IDLE = '(idle)';
const PROFILER = 'node:inspector';

function functionName({ functionName, url, lineNumber }: Profiler.ProfileNode['callFrame']): string {
  const file = url.split('/').slice(-3).join('/');
  return `${functionName || '(anonymous)'}${file ? `  ${file}:${lineNumber + 1}` : ''}`;
}

function placeName({ functionName, url }: Profiler.ProfileNode['callFrame']): string {
  if (url === '') {
    return functionName.startsWith('(') ? functionName : 'V8 and native code';
  }
  const dependency = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  const room = /\/((?:packages|apps)\/[^/]+|bench)\//.exec(url);
  return (
    dependency?.[1] ?? room?.[1] ?? (url.startsWith('node:') ? url.split('/').slice(0, 2).join('/') : url)
  );
}

function ranked(times: ReadonlyMap<string, number>, total: number): readonly SelfTime[] {
  const all = [...times].map(([name, time]) => ({ name, share: time / total }));
  return all.sort((left, right) => right.share - left.share);
}

function add(times: Map<string, number>, name: string, time: number): void {
  times.set(name, (times.get(name) ?? 0) + time);
}

/** Sums a CPU profile's samples by function and by place. */
export function selfTimes(profile: Profiler.Profile): SelfTimes {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const places = new Map<string, number>();
  let busy = 0;
  let all = 0;
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const time = Math.max(0, profile.timeDeltas?.[index] ?? 0);
    const frame = frames.get(id);
    all += time;
    if (frame === undefined || frame.functionName === IDLE || frame.url === PROFILER) {
      continue;
    }
    busy += time;
    add(functions, functionName(frame), time);
    add(places, placeName(frame), time);
  }
  return { busyShare: busy / all, functions: ranked(functions, busy), places: ranked(places, busy) };
}
