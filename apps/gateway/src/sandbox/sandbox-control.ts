import { sandboxModels } from './models.ts';
import { type Reply, toErrorReply } from './openai-error.ts';
import type { SandboxId, SandboxMode } from './provider-behaviour.ts';
import { isSandboxId, isSandboxMode, sandboxModes } from './provider-behaviour.ts';
import type { LiveProvider } from './sandbox-provider.ts';

/** Tells the providers how to behave, and tells how they do. */
export interface SandboxControl {
  setMode(id: SandboxId, mode: SandboxMode): void;
  modes(): Readonly<Record<SandboxId, SandboxMode>>;
  /** Answers `GET /sandbox/providers`. */
  handleList(): Reply;
  /** Answers `POST /sandbox/providers/:id`: 200 with the provider, 404 for an unknown id, 400 for a bad mode. */
  handleControl(id: string, body: unknown): Reply;
}

function readMode(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'mode' in body ? body.mode : undefined;
}

/** Creates the control of these providers; `toBaseUrl` gives the address to show, `log` hears of each change. */
export function createSandboxControl(
  providers: Readonly<Record<SandboxId, LiveProvider>>,
  toBaseUrl: (id: SandboxId) => string,
  log: (message: string) => void,
): SandboxControl {
  const describe = (provider: LiveProvider): object => ({
    id: provider.id,
    mode: provider.mode(),
    base_url: toBaseUrl(provider.id),
    models: sandboxModels,
  });

  function setMode(id: SandboxId, mode: SandboxMode): void {
    const before = providers[id].mode();
    providers[id].setMode(mode);
    if (before !== mode) log(`sandbox provider ${id}: ${before} → ${mode}`);
  }

  return {
    setMode,
    modes: () => ({
      'sandbox-fast': providers['sandbox-fast'].mode(),
      'sandbox-slow': providers['sandbox-slow'].mode(),
      'sandbox-flaky': providers['sandbox-flaky'].mode(),
    }),
    handleList: () => ({
      status: 200,
      body: { object: 'list', data: Object.values(providers).map(describe) },
    }),
    handleControl(id, body) {
      if (!isSandboxId(id)) {
        return toErrorReply(404, `There is no sandbox provider '${id.slice(0, 100)}'.`, {
          code: 'unknown_provider',
        });
      }
      const mode = readMode(body);
      if (!isSandboxMode(mode)) {
        return toErrorReply(400, `'mode' must be one of ${sandboxModes.join(', ')}.`, { param: 'mode' });
      }
      setMode(id, mode);
      return { status: 200, body: describe(providers[id]) };
    },
  };
}
