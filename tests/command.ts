import { spawn } from 'node:child_process';

/** How a program ended, with everything that it printed. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end with a text on its standard input. Rejects where it cannot be started. */
export function runCommand(command: string, args: readonly string[], input: string): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    // A program that ends early does not read to the end; its exit code tells of that.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
