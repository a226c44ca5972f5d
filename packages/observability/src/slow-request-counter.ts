import type { Counter, CounterChild } from '@gatewayz/metrics';

type Severity = 'slow' | 'very_slow' | 'critical';

/** Counts what took over 30, 45 or 60 s at one provider, once and at the worst severity; the rest costs a comparison. */
export function createSlowRequestCounter(
  family: Counter<'provider' | 'model' | 'severity'>,
  provider: string,
): (model: string, seconds: number) => void {
  const counters: Readonly<Record<Severity, Map<string, CounterChild>>> = {
    slow: new Map(),
    very_slow: new Map(),
    critical: new Map(),
  };
  return (model, seconds) => {
    const severity = severityOf(seconds);
    if (severity === null) return;
    let counter = counters[severity].get(model);
    if (counter === undefined) {
      counter = family.labels({ provider, model, severity });
      counters[severity].set(model, counter);
    }
    counter.inc();
  };
}

function severityOf(seconds: number): Severity | null {
  if (!(seconds > 30)) return null;
  if (seconds > 60) return 'critical';
  return seconds > 45 ? 'very_slow' : 'slow';
}
