/** How a sandbox provider can be told to behave; `healthy` is its own ordinary character. */
export const sandboxModes = ['healthy', 'slow', 'flaky', 'down'] as const;
export type SandboxMode = (typeof sandboxModes)[number];

/** The built-in providers. */
export const sandboxIds = ['sandbox-fast', 'sandbox-slow', 'sandbox-flaky'] as const;
export type SandboxId = (typeof sandboxIds)[number];

/** Mean waits, in milliseconds. */
export interface Pace {
  readonly firstTokenMs: number;
  readonly betweenTokensMs: number;
}

/** Shares of requests, 0 to 1: answered with an error, and (streams only) cut after some tokens. */
export interface FaultRatios {
  readonly errorRatio: number;
  readonly cutRatio: number;
}

export type Behaviour =
  | { readonly kind: 'down' }
  | { readonly kind: 'up'; readonly pace: Pace; readonly faults: FaultRatios };

type UpBehaviour = Extract<Behaviour, { kind: 'up' }>;

const quick: Pace = { firstTokenMs: 60, betweenTokensMs: 15 };
const noFaults: FaultRatios = { errorRatio: 0, cutRatio: 0 };

const characters: Readonly<Record<SandboxId, UpBehaviour>> = {
  'sandbox-fast': { kind: 'up', pace: quick, faults: noFaults },
  'sandbox-slow': { kind: 'up', pace: { firstTokenMs: 600, betweenTokensMs: 60 }, faults: noFaults },
  'sandbox-flaky': { kind: 'up', pace: quick, faults: { errorRatio: 0.03, cutRatio: 0.01 } },
};

// Slow enough that a whole answer takes over ten seconds, flaky enough that a breaker trips within some requests.
const brokenPace: Pace = { firstTokenMs: 3000, betweenTokensMs: 180 };
const brokenFaults: FaultRatios = { errorRatio: 0.45, cutRatio: 0.15 };

/** What a provider does in a mode. */
export function toBehaviour(id: SandboxId, mode: SandboxMode): Behaviour {
  const character = characters[id];
  switch (mode) {
    case 'healthy':
      return character;
    case 'slow':
      return { ...character, pace: brokenPace };
    case 'flaky':
      return { ...character, faults: brokenFaults };
    case 'down':
      return { kind: 'down' };
    default:
      return mode satisfies never;
  }
}

/** What goes wrong with one request. */
export type Fault = 'none' | 'internal_error' | 'overloaded' | 'cut';

/** Draws the fault of one request; `random` gives numbers from 0 up to 1. */
export function drawFault(faults: FaultRatios, isStream: boolean, random: () => number): Fault {
  const roll = random();
  if (roll < faults.cutRatio && isStream) return 'cut';
  if (roll < faults.cutRatio + faults.errorRatio) return random() < 0.5 ? 'internal_error' : 'overloaded';
  return 'none';
}

/** Checks a mode that came from outside. */
export function isSandboxMode(value: unknown): value is SandboxMode {
  return sandboxModes.some((mode) => mode === value);
}

/** Checks a provider id that came from outside. */
export function isSandboxId(value: unknown): value is SandboxId {
  return sandboxIds.some((id) => id === value);
}
