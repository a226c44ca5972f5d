import { classifyStatus, outcomeOfError } from '@gatewayz/observability';
import { setupPrometheusRoutes } from '@gatewayz/observability/hono';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

interface Completion {
  readonly choices: readonly [{ readonly message: { readonly content: string } }];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

const { PROVIDER_URL = 'http://127.0.0.1:9001/v1', PORT = '3000' } = process.env;
const app = new Hono();
const observability = setupPrometheusRoutes(app, { appName: 'shop', providers: ['primary'] });

app.get('/ask/:question', async (context) => {
  const { question } = context.req.param();
  const call = observability.inference({ provider: 'primary', model: 'large', request: context });
  try {
    const answer = await fetch(`${PROVIDER_URL}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer key' },
      body: JSON.stringify({ model: 'large', messages: [{ role: 'user', content: question }] }),
      signal: AbortSignal.timeout(10_000),
    });
    if (!answer.ok) {
      call.end({ outcome: classifyStatus(answer.status) });
      return context.text('The provider failed.', 502);
    }
    const { choices, usage } = (await answer.json()) as Completion;
    const tokens = { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens };
    call.end({ outcome: 'success', usage: tokens });
    return context.text(choices[0].message.content);
  } catch (error) {
    call.end({ outcome: outcomeOfError(error) });
    throw error;
  }
});

serve({ fetch: app.fetch, port: Number(PORT) }, ({ port }) => console.log(`listening on ${port}`));
