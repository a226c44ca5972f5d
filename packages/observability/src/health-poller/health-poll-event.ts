import type { HealthEndpoint } from './health-endpoint.ts';
import type { PollErrorReason } from './health-poll-error.ts';

/** What is worth a log line, told once where it begins and not again while it lasts. */
export type HealthPollEvent =
  /** Every endpoint answered, for the first time or after a poll where one did not. */
  | { readonly kind: 'updated' }
  /** An endpoint failed that had not, or for another reason than at its last poll. */
  | {
      readonly kind: 'failed';
      readonly endpoint: HealthEndpoint;
      readonly reason: PollErrorReason;
      readonly detail: string;
    }
  /** An endpoint's answer held bad entries, and its last one did not. */
  | { readonly kind: 'dropped'; readonly endpoint: HealthEndpoint; readonly entries: number }
  /** An endpoint's gauges are too old to be shown. */
  | { readonly kind: 'expired'; readonly endpoint: HealthEndpoint; readonly ageSeconds: number };

/** An event as a logger takes it. */
export interface HealthPollLine {
  readonly level: 'info' | 'warn';
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

/** Says an event in the words that operators look for. */
export function toHealthPollLine(event: HealthPollEvent): HealthPollLine {
  const { kind, ...fields } = event;
  switch (kind) {
    case 'updated':
      return { level: 'info', message: 'Health service metrics updated successfully', fields };
    case 'failed':
      return { level: 'warn', message: 'Health service metrics could not be updated', fields };
    case 'dropped':
      return { level: 'warn', message: 'Health service metrics hold bad entries, left out', fields };
    case 'expired':
      return { level: 'warn', message: 'Health service metrics are too old and no longer shown', fields };
    default:
      return kind satisfies never;
  }
}
