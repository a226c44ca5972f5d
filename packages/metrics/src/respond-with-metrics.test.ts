import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './registry.ts';
import { respondWithMetrics } from './respond-with-metrics.ts';

const openMetrics = 'application/openmetrics-text; version=1.0.0';

describe('respondWithMetrics', () => {
  it('answers plain text with its type and length where nothing is asked for', async () => {
    const { status, headers, body } = await respondWithMetrics(createRegistry(), {});
    expect(status).toBe(200);
    expect(headers).toEqual({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'content-length': String(body.length),
      vary: 'accept, accept-encoding',
    });
    expect(body.toString()).toContain('# TYPE gatewayz_metrics_series gauge\n');
  });

  it('answers OpenMetrics, compressed, where both are asked for', async () => {
    const answer = await respondWithMetrics(createRegistry(), {
      accept: openMetrics,
      acceptEncoding: 'br, gzip',
    });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
      'content-encoding': 'gzip',
      'content-length': String(answer.body.length),
    });
    expect(gunzipSync(answer.body).toString()).toMatch(/\n# EOF\n$/);
  });

  it('compresses once for scrapes that share a render', async () => {
    const registry = createRegistry();
    const ask = () => respondWithMetrics(registry, { acceptEncoding: 'gzip' });
    const [first, second] = await Promise.all([ask(), ask()]);
    expect(second?.body).toBe(first?.body);
  });
});
