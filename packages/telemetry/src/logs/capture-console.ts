import { format } from 'node:util';
import type { LogFields } from './log-fields.ts';
import type { Logger } from './logger.ts';

const LEVELS = { debug: 'debug', log: 'info', info: 'info', warn: 'warn', error: 'error' } as const;
type Method = keyof typeof LEVELS;

function textOf(values: readonly unknown[]): string {
  try {
    return format(...values);
  } catch {
    return '[unreadable]';
  }
}

/** An error among the values is told by its fields, not in the middle of the message. */
function read(values: readonly unknown[]): readonly [string, LogFields] {
  const error = values.find((value) => value instanceof Error);
  const said = values.filter((value) => value !== error);
  return error === undefined
    ? [textOf(values), {}]
    : [said.length === 0 ? error.message : textOf(said), { error }];
}

/** Makes lines of what is written to `console`; what is returned undoes it. */
export function captureConsole(logger: Logger, target: Console = console): () => void {
  const undo: (() => void)[] = [];
  for (const method of Object.keys(LEVELS) as Method[]) {
    const original = target[method];
    const level = LEVELS[method];
    target[method] = (...values: unknown[]): void => logger[level](...read(values));
    undo.push(() => {
      target[method] = original;
    });
  }
  return () => {
    for (const restore of undo) restore();
  };
}
