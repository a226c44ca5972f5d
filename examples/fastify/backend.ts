import { classifyStatus, outcomeOfError } from '@gatewayz/observability';
import { setupPrometheusRoutes } from '@gatewayz/observability/fastify';
import Fastify from 'fastify';

interface Completion {
  readonly choices: readonly [{ readonly message: { readonly content: string } }];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

const { PROVIDER_URL = 'http://127.0.0.1:9001/v1', PORT = '3000' } = process.env;
const app = Fastify();
const observability = setupPrometheusRoutes(app, { appName: 'shop', providers: ['primary'] });

app.get<{ Params: { readonly question: string } }>('/ask/:question', async (request, reply) => {
  const { question } = request.params;
  const call = observability.inference({ provider: 'primary', model: 'large', request });
  try {
    const answer = await fetch(`${PROVIDER_URL}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer key' },
      body: JSON.stringify({ model: 'large', messages: [{ role: 'user', content: question }] }),
      signal: AbortSignal.timeout(10_000),
    });
    if (!answer.ok) {
      call.end({ outcome: classifyStatus(answer.status) });
      return reply.code(502).send('The provider failed.');
    }
    const { choices, usage } = (await answer.json()) as Completion;
    const tokens = { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens };
    call.end({ outcome: 'success', usage: tokens });
    return choices[0].message.content;
  } catch (error) {
    call.end({ outcome: outcomeOfError(error) });
    throw error;
  }
});

console.log(`listening on ${await app.listen({ port: Number(PORT) })}`);
