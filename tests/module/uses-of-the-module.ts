/** Uses of the module's types by a backend: right ones, and wrong ones that must not compile. */
export const TYPES_OF_THE_MODULE = `
import { createServer } from 'node:http';
import { classifyStatus, type Observability, outcomeOfError } from '@gatewayz/observability';
import { setupPrometheusRoutes as onExpress } from '@gatewayz/observability/express';
import { setupPrometheusRoutes as onFastify } from '@gatewayz/observability/fastify';
import { setupPrometheusRoutes as onHono } from '@gatewayz/observability/hono';
import { setupPrometheusRoutes as onHttp } from '@gatewayz/observability/http';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';

const handles: Observability[] = [
  onExpress(express()),
  onFastify(Fastify({ logger: true }), { token: process.env.TOKEN }),
  onFastify(Fastify({ http2: true })),
  onHono(new Hono<{ Bindings: { name: string } }>()),
  onHttp(createServer(), { route: (request) => request.url }),
];
const call = handles[0]!.inference({ provider: 'a', model: 'b' });
const ended: boolean = call.end({ outcome: classifyStatus(200), usage: { inputTokens: 1 } });
call.failOver(outcomeOfError(null), { provider: 'a', model: 'c' });
const row: Promise<number> = handles[0]!.wrapDatabase({ table: 't', operation: 'o' }, async () => 1);
// @ts-expect-error
call.end({ outcome: 'splendid' });
// @ts-expect-error
onExpress(Fastify());
export { ended, row };
`;

/** A CommonJS backend of each framework: prints its name, and whether its metrics are there. */
export const COMMONJS_BACKENDS = `
const applications = {
  fastify: require('fastify')(),
  express: require('express')(),
  hono: new (require('hono').Hono)(),
  http: require('node:http').createServer(),
};
for (const [name, application] of Object.entries(applications)) {
  const { setupPrometheusRoutes } = require('@gatewayz/observability/' + name);
  const observability = setupPrometheusRoutes(application, { env: {} });
  observability.registry.render().then((text) => {
    console.log(name, text.includes('fastapi_app_info'));
    observability.close();
  });
}
`;

/** A backend that writes 300 lines, each in a span of its own. */
export const BUSY_BACKEND = `
import { getLogger, getTracing } from '@gatewayz/telemetry';
import { trace } from '@opentelemetry/api';

for (let n = 0; n < 300; n += 1) {
  trace.getTracer('shop').startActiveSpan('sell', (span) => {
    getLogger().info('sold', { n });
    span.end();
  });
}
`;
