import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../peers/', import.meta.url));
const script = `${folder}node_modules/@portkey-ai/gateway/build/start-server.js`;

/** Where a peer's start script is, or why there is none. */
export type Peer = { readonly script: string } | { readonly missing: string };

/** Portkey's gateway, installed into `bench/peers/` from its lock file when it is not there yet. */
export function portkey(): Peer {
  if (existsSync(script)) {
    return { script };
  }
  const words = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const install = spawnSync('npm', words, { cwd: folder, encoding: 'utf8', timeout: 300_000 });
  if (install.status === 0 && existsSync(script)) {
    return { script };
  }
  const lines = (install.stderr ?? '').split('\n').filter((line) => line.startsWith('npm error'));
  const said = lines[0] ?? install.error?.message ?? `exit code ${install.status}`;
  return { missing: `not installed: ${said}` };
}
