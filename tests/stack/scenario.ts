import type { AlertingTarget } from './alerting.ts';

/** Something that goes wrong in the running system, and the one alert that must tell of it. */
export interface Fault {
  readonly alert: string;
  /** For a person: what is done to the system. */
  readonly what: string;
  /** How soon somebody must know, in the deployed durations; the tests' are shorter by their factor. */
  readonly withinMinutes: number;
  /** What the file of rules has as a number of seconds, which nothing shortens: added to `withinMinutes` as it is. */
  readonly unshortenedSeconds?: number;
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** A running system of its own, with the faults that befall it. Every alert of its environment counts. */
export interface Scenario {
  /** The label `env` of everything in it; empty for what has none. */
  readonly env: string;
  readonly gateways: readonly AlertingTarget[];
  readonly healthServices?: readonly AlertingTarget[];
  /** `host:port` of a Tempo, in the one scenario that has it. */
  readonly tempo?: string;
  /** Lists of faults: those of a list come one after the other, the lists side by side. */
  readonly faults: readonly (readonly Fault[])[];
  /** Good traffic before the first fault. */
  readonly warmUpMs?: number;
}

/** Starts a scenario; what must be closed goes to the stack. */
export type StartScenario = (closers: AsyncDisposableStack) => Promise<Scenario>;
