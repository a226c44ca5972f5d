import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/** Sends a signal to every process of a group; false where none is left. */
export function signalGroup(leaderPid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-leaderPid, signal);
  } catch {
    return false;
  }
}

/**
 * Kills a group when this process is gone, however it went: a shell waits on a pipe that only this process holds
 * open. Returns what calls it off.
 */
export function guardGroup(leaderPid: number): () => void {
  const guard: ChildProcess = spawn(
    '/bin/sh',
    ['-c', 'read -r _; kill -KILL "-$0" 2>/dev/null', String(leaderPid)],
    {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  guard.on('error', () => undefined);
  guard.stdin?.on('error', () => undefined);
  guard.unref();
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  return () => {
    guard.kill('SIGKILL');
  };
}
