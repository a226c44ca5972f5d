import { join } from 'node:path';
import { type CommandResult, runCommand } from './run-command.ts';

/** One check that must pass before a change is in order. */
export interface Gate {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

export interface GateResult extends CommandResult {
  readonly name: string;
}

/** Every gate of `npm run check`. */
export const gates: readonly Gate[] = [
  {
    name: 'biome',
    command: 'biome',
    args: ['ci', '--error-on-warnings', '--colors=off', '--max-diagnostics=50', '.'],
  },
  { name: 'types', command: 'tsc', args: ['-p', '.', '--noEmit'] },
  { name: 'knip', command: 'knip', args: ['--no-progress'] },
  { name: 'rooms', command: 'node', args: [join(import.meta.dirname, 'check-rooms.ts')] },
  { name: 'lock', command: 'node', args: [join(import.meta.dirname, 'check-lock.ts')] },
  { name: 'docs', command: 'node', args: [join(import.meta.dirname, 'check-docs.ts')] },
];

/** Runs one gate on the repository at `root`. */
export async function runGate(gate: Gate, root: string): Promise<GateResult> {
  return { name: gate.name, ...(await runCommand(gate.command, gate.args, { cwd: root })) };
}

/** Runs gates side by side and prints a line for each as it ends, with its output where it failed. */
export function runGates(root: string, selected: readonly Gate[] = gates): Promise<readonly GateResult[]> {
  return Promise.all(
    selected.map(async (gate) => {
      const result = await runGate(gate, root);
      const seconds = (result.durationMs / 1000).toFixed(1);
      console.log(`${result.isOk ? 'passed' : 'FAILED'}  ${gate.name.padEnd(8)} ${seconds} s`);
      if (!result.isOk) console.log(result.output.trimEnd());
      return result;
    }),
  );
}
