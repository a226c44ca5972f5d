import type { Outcome } from '@gatewayz/provider-health';
import { requireInteger } from './require-option.ts';
import type { ProbeResult } from './types.ts';

export type ConnectivitySettings = {
  /** How long a failure to reach a host counts. */
  readonly windowMs: number;
  /** With fewer hosts failing, nothing is concluded from hosts alone. */
  readonly minimumHosts: number;
};

export const DEFAULT_CONNECTIVITY: ConnectivitySettings = { windowMs: 2 * 60_000, minimumHosts: 3 };

/**
 * `offline`: the monitor's own network is dead. `unsure`: a host was not reached and none has answered since, so ask
 * the check URL, or other hosts, before blaming it. `online`: something has answered since the last failure.
 */
export type Connectivity = 'online' | 'offline' | 'unsure';

/**
 * Whether the monitor itself is on the network, so that nobody is blamed while it is not.
 *
 * Offline while, within the window and since the last answer of anyone, the configured check URL has failed or at
 * least `minimumHosts` independent hosts were not reached (`network`, or `timeout`: a dead network often swallows
 * packets). Hosts on this machine or this network prove nothing about the way out and are left aside. Times are of
 * one clock that never runs backwards.
 */
export class ConnectivityWatch {
  readonly #settings: ConnectivitySettings;
  readonly #isLocal: (host: string) => boolean;
  /** When each host was last not reached, since the last answer. */
  readonly #unreached = new Map<string, number>();
  #checkFailedAtMs: number | null = null;

  /** @throws RangeError that names the bad setting */
  constructor(settings: ConnectivitySettings, isLocal: (host: string) => boolean = isLocalHost) {
    requireInteger('windowMs', settings.windowMs, 1000);
    requireInteger('minimumHosts', settings.minimumHosts, 2);
    this.#settings = settings;
    this.#isLocal = isLocal;
  }

  /** Takes in how a probe of a host ended; probes that we ended ourselves say nothing. */
  observe(host: string, outcome: Outcome, atMs: number): void {
    if (this.#isLocal(host) || outcome === 'client_closed' || outcome === 'gateway') return;
    if (isOnTheWay(outcome)) this.#unreached.set(host, atMs);
    else this.#answered();
  }

  /** Takes in whether the configured check URL answered. */
  observeCheck(isAnswered: boolean, atMs: number): void {
    if (isAnswered) this.#answered();
    else this.#checkFailedAtMs = atMs;
  }

  state(nowMs: number): Connectivity {
    const fromMs = nowMs - this.#settings.windowMs;
    for (const [host, atMs] of this.#unreached) if (atMs < fromMs) this.#unreached.delete(host);
    if (this.#checkFailedAtMs !== null && this.#checkFailedAtMs >= fromMs) return 'offline';
    if (this.#unreached.size >= this.#settings.minimumHosts) return 'offline';
    return this.#unreached.size > 0 ? 'unsure' : 'online';
  }

  /**
   * The result as it may be held against its target: what failed on the way (`network`, `timeout`) while the monitor
   * was offline becomes `gateway`, the monitor's own failure, which proves nothing.
   */
  withoutBlame(result: ProbeResult, host: string, nowMs: number): ProbeResult {
    if (!isOnTheWay(result.outcome) || this.#isLocal(host) || this.state(nowMs) !== 'offline') return result;
    return { ...result, outcome: 'gateway', detail: "the monitor's own network is down" };
  }

  #answered(): void {
    this.#unreached.clear();
    this.#checkFailedAtMs = null;
  }
}

function isOnTheWay(outcome: Outcome): boolean {
  return outcome === 'network' || outcome === 'timeout';
}

const LOCAL_HOSTS: readonly RegExp[] = [
  /^localhost$|\.(?:localhost|local|internal|lan)$/i,
  /^(?:127|10|0)\.\d+\.\d+\.\d+$/,
  /^192\.168\.\d+\.\d+$|^169\.254\.\d+\.\d+$/,
  /^172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+$/,
  /^\[?(?:::1|::|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*)\]?$/i,
  // One label alone is a name on this network (a container, a neighbour).
  /^[^.:[\]]+$/,
];

/** True for names and addresses on this machine or its own network; the host may carry a port. */
export function isLocalHost(host: string): boolean {
  const name = /^\[|:.*:/.test(host) ? host.replace(/^(\[[^\]]*\]):\d+$/, '$1') : host.replace(/:\d+$/, '');
  return LOCAL_HOSTS.some((pattern) => pattern.test(name));
}
