import type { Registry } from '@gatewayz/metrics';
import type { StartTimer } from '../health-poller/start-timer.ts';

/** The Prometheus whose numbers are the whole fleet's. */
export interface PrometheusOptions {
  /** Base URL, `http:` or `https:`; a path before `/api/v1/query` and a user with password are honoured. */
  readonly url: string;
  /** Matchers that tell this fleet's series from others, for example `env="production"`; none by default. */
  readonly selector?: string;
  /** For all queries of one view together, from 1 to 5,000; 2,000 by default. */
  readonly timeoutMs?: number;
}

/** What views are made of. */
export interface ViewsOptions {
  /** This process's own numbers. */
  readonly registry: Pick<Registry, 'samples'>;
  /** Null where the views show this process alone. */
  readonly prometheus: PrometheusOptions | null;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly epochNow: () => number;
  /** Milliseconds between two samples of the registry, from 100 to 60,000; 15,000 by default. */
  readonly sampleIntervalMs?: number;
  /** The process's own timer by default, which keeps no process alive. */
  readonly startTimer?: StartTimer;
  /** Told of what answered with a plain 500; whatever it throws is lost. */
  readonly onError?: (error: unknown) => void;
}
