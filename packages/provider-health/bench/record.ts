import { createProviderHealth, createRollingWindow, OUTCOMES, type Outcome } from '@gatewayz/provider-health';

const ROUNDS = 7;
const RECORDS = 1_000_000;

/** Best of several rounds, in nanoseconds per call: the others hold what else the machine did. */
function measure(name: string, call: (turn: number) => number): void {
  let bestNs = Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const startNs = process.hrtime.bigint();
    for (let turn = 0; turn < RECORDS; turn++) sum += call(turn);
    bestNs = Math.min(bestNs, Number(process.hrtime.bigint() - startNs) / RECORDS);
  }
  if (Number.isNaN(sum)) throw new Error('a result is not a number');
  console.log(`${name.padEnd(46)} ${bestNs.toFixed(0).padStart(6)} ns`);
}

// Mostly successes, latencies spread over four decades, 10 attempts a millisecond, so that buckets turn over too.
const outcomes: readonly Outcome[] = Array.from({ length: 1024 }, (_, i) =>
  i % 16 === 0 ? (OUTCOMES[(i / 16) % OUTCOMES.length] ?? 'success') : 'success',
);
const latenciesMs = Float64Array.from({ length: 1024 }, (_, i) => 10 ** (((i * 37) % 1024) / 256));
const outcomeAt = (turn: number): Outcome => outcomes[turn & 1023] ?? 'success';
const latencyAt = (turn: number): number => latenciesMs[turn & 1023] ?? 1;

const window = createRollingWindow({ windowMs: 300_000, buckets: 30 });
let windowMs = 0;
measure('window: record', (turn) => {
  windowMs += 0.1;
  window.record(outcomeAt(turn), latencyAt(turn), windowMs);
  return 0;
});
measure('window: errorRate', () => window.errorRate(windowMs));
measure('window: quantileMs(0.95)', () => window.quantileMs(0.95, windowMs) ?? Number.NaN);
measure('window: snapshot', () => window.snapshot(windowMs).samples);

const counts = createRollingWindow({ windowMs: 60_000, buckets: 12, latency: false });
let countsMs = 0;
measure('window without latencies: record', (turn) => {
  countsMs += 0.1;
  counts.record(outcomeAt(turn), latencyAt(turn), countsMs);
  return 0;
});

const health = createProviderHealth({ provider: 'bench', random: () => 0.5 });
const target = health.model('large');
health.model('small');
let healthMs = 0;
measure('target: admit + record, breakers closed', (turn) => {
  healthMs += 0.1;
  target.record(target.admit(healthMs), outcomeAt(turn), latencyAt(turn), healthMs);
  return 0;
});
measure('target: score', () => target.score(healthMs));
