import type { Outcome } from '@gatewayz/provider-health';

/** What an outcome proves about the target. `refused`: it answers, but not to us now. */
export type Evidence = 'ok' | 'failed' | 'refused' | 'none';

/**
 * Whose fault decides what an outcome proves: `provider_error`, `timeout` and `network` are the provider's failures;
 * `rate_limited` and `credentials` are refusals by a provider that works; a `caller` outcome of a probe means that
 * the probe is wrong, `client_closed` that it was stopped, and `gateway` that the monitor failed: they prove nothing.
 */
export function evidenceOf(outcome: Outcome): Evidence {
  switch (outcome) {
    case 'success':
      return 'ok';
    case 'provider_error':
    case 'timeout':
    case 'network':
      return 'failed';
    case 'rate_limited':
    case 'credentials':
      return 'refused';
    case 'caller':
    case 'client_closed':
    case 'gateway':
      return 'none';
    default:
      return outcome satisfies never;
  }
}
