import { randomUUID } from 'node:crypto';
import { type FinishedSpan, GEN_AI, newSpanId, type Trace } from '@gatewayz/telemetry';

const PROVIDERS = ['groq', 'openrouter', 'cerebras', 'together'];
const MODEL = 'meta-llama/llama-3.3-70b-instruct';
const ROUTE = '/v1/chat/completions';

/** The three spans of a plain request as the gateway makes them, with other ids and numbers each time. */
export function requestTrace(trace: Trace, at: number): readonly FinishedSpan[] {
  const startMs = performance.now();
  const endMs = startMs + 400;
  const inferenceId = newSpanId();
  const provider = PROVIDERS[at % PROVIDERS.length];
  return [
    {
      name: `POST ${ROUTE}`,
      kind: 'server',
      spanId: trace.spanId,
      parentSpanId: trace.parentSpanId,
      startMs,
      endMs,
      attributes: {
        'http.request.method': 'POST',
        'http.route': ROUTE,
        'url.path': ROUTE,
        'url.scheme': 'http',
        'http.response.status_code': 200,
        'gatewayz.request_id': REQUEST_IDS[at % REQUEST_IDS.length],
        'gatewayz.user_id': undefined,
      },
    },
    {
      name: 'model_inference',
      kind: 'internal',
      spanId: inferenceId,
      parentSpanId: trace.spanId,
      startMs,
      endMs,
      attributes: {
        [GEN_AI.operationName]: 'chat',
        [GEN_AI.providerName]: provider,
        [GEN_AI.system]: provider,
        [GEN_AI.requestModel]: MODEL,
        [GEN_AI.responseModel]: MODEL,
        [GEN_AI.requestStream]: false,
        [GEN_AI.requestMaxTokens]: 256,
        [GEN_AI.usageInputTokens]: (at * 37) % 4_000,
        [GEN_AI.usageOutputTokens]: (at * 91) % 900,
        [GEN_AI.usageReasoningOutputTokens]: undefined,
        [GEN_AI.responseFinishReasons]: ['stop'],
        'gatewayz.attempts': 1,
        'gatewayz.cost_usd': ((at * 13) % 977) / 1e6,
        'gatewayz.usage_estimated': false,
      },
      events: [],
    },
    {
      name: `attempt ${provider}`,
      kind: 'client',
      spanId: newSpanId(),
      parentSpanId: inferenceId,
      startMs: startMs + 0.2,
      endMs: endMs - 0.2,
      attributes: {
        'http.request.method': 'POST',
        'server.address': 'api.example.com',
        'server.port': 443,
        'http.response.status_code': 200,
        'ai.provider': provider,
        [GEN_AI.operationName]: 'chat',
        [GEN_AI.requestModel]: MODEL,
        'gatewayz.outcome': 'success',
        'gatewayz.breaker_state': 'closed',
        'gatewayz.chosen_as': 'best',
      },
      events: [{ name: 'first_byte', atMs: startMs + 390 }],
    },
  ];
}

const REQUEST_IDS = Array.from({ length: 1_000 }, () => randomUUID());
