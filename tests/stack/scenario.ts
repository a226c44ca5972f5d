import type { AlertingTarget } from './alerting.ts';
import type { PrometheusClient } from './prometheus-client.ts';

/** Something that goes wrong in the running system, and the one alert that must tell of it. */
export interface Fault {
  readonly alert: string;
  /** For a person: what is done to the system. */
  readonly what: string;
  /** How soon somebody must know, in the deployed durations; the tests' are shorter by their factor. */
  readonly withinMinutes: number;
  /** What the file of rules has as a number of seconds, which nothing shortens: added to `withinMinutes` as it is. */
  readonly unshortenedSeconds?: number;
  /** `host:port` where others of the environment may be told of as well. */
  readonly instance?: string;
  begin(prometheus: PrometheusClient): Promise<void>;
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
  /** How often good traffic is to be recorded before the first fault; every 15 s in the deployed durations. */
  readonly goodSamples?: number;
}

/** Starts a scenario; what must be closed goes to the stack. */
export type StartScenario = (closers: AsyncDisposableStack) => Promise<Scenario>;
