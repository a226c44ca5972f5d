import { setTimeout as pause } from 'node:timers/promises';
import { answers } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { incidentsOf, OFTEN, PATIENT, startHealthService, startProviders } from './health-stage.ts';

/** As many failures in a row as make a target down. */
const STOPS = 3;
/** Well beyond the second that a probe may take. */
const STOPPED_MS = 1800;

test('Health service and poller: a gap → a service that was suspended in the middle of its probes blames nobody for it', async () => {
  await using stage = await startProviders({
    primary: { byDefault: answers({ delayBeforeHeadersMs: 400 }) },
  });
  const { primary } = stage.providers;
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: OFTEN },
  });
  const isUnderWay = (): boolean => primary.attempts().some(({ end }) => end === 'pending');
  for (let stop = 0; stop < STOPS; stop += 1) {
    await vi.waitFor(() => expect(isUnderWay()).toBe(true), PATIENT);
    service.process.kill('SIGSTOP');
    await pause(STOPPED_MS);
    const before = primary.attempts().length;
    service.process.kill('SIGCONT');
    await vi.waitFor(() => expect(primary.attempts().length).toBeGreaterThan(before + 1), PATIENT);
  }
  expect(await incidentsOf(service)).toEqual([]);
  const metrics = await service.metrics();
  expect(metrics.sum('gatewayz_probes_total', { outcome: 'gateway' })).toBeGreaterThanOrEqual(STOPS);
  expect(metrics.sum('gatewayz_probes_total', { outcome: 'timeout' })).toBe(0);
  await vi.waitFor(
    async () => expect(await service.get('/metrics')).toMatchObject({ status_distribution: { healthy: 2 } }),
    PATIENT,
  );
});
