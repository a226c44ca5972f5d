import { randomUUID } from 'node:crypto';
import type { LogFields } from '@gatewayz/telemetry';

const PROVIDERS = ['groq', 'openrouter', 'cerebras', 'together'];

/** The fields of a line as the gateway writes one per request, different each time. */
export function requestFields(at: number): LogFields {
  return {
    request_id: randomUUID(),
    provider: PROVIDERS[at % PROVIDERS.length],
    model: 'meta-llama/llama-3.3-70b-instruct',
    outcome: 'success',
    status: 200,
    attempts: 1 + (at % 7 === 0 ? 1 : 0),
    prompt_tokens: (at * 37) % 4_000,
    completion_tokens: (at * 91) % 900,
    cost_usd: ((at * 13) % 977) / 1e6,
    duration_ms: ((at * 7919) % 90_000) / 10,
    first_token_ms: ((at * 104_729) % 9_000) / 10,
    is_stream: at % 2 === 0,
  };
}
