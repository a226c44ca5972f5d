import { Agent, request } from 'undici';
import type { ConnectivityWatch } from '../core/connectivity.ts';

const CHECK_TIMEOUT_MS = 5000;
/** Between two checks; probes that fail meanwhile share the last one. */
const CHECK_PAUSE_MS = 5000;

/** Finds out whether the monitor itself is on the network, when a probe has failed on the way. */
export interface ConnectivityCheck {
  /** Resolves when the watch has heard of a check that is at most seconds old; at once without a URL. */
  confirm(): Promise<void>;
  close(): Promise<void>;
}

/** Creates the check of a URL; any answer at all is a success. */
export function createConnectivityCheck(
  url: string | undefined,
  watch: ConnectivityWatch,
  now: () => number = () => performance.now(),
): ConnectivityCheck {
  // A kept connection would go on for a while after the way out has gone.
  const agent = new Agent({ pipelining: 0, connect: { timeout: CHECK_TIMEOUT_MS } });
  let checkedAtMs = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | null = null;

  async function check(target: string): Promise<void> {
    const isAnswered = await answers(target, agent);
    checkedAtMs = now();
    watch.observeCheck(isAnswered, checkedAtMs);
  }

  return {
    async confirm() {
      if (url === undefined || now() - checkedAtMs < CHECK_PAUSE_MS) return;
      running ??= check(url).finally(() => {
        running = null;
      });
      await running;
    },
    close: () => agent.destroy(),
  };
}

async function answers(url: string, dispatcher: Agent): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
    const { body } = await request(url, { method: 'HEAD', dispatcher, signal });
    await body.dump();
    return true;
  } catch {
    return false;
  }
}
