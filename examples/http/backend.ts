import { createServer } from 'node:http';
import { classifyStatus, outcomeOfError } from '@gatewayz/observability';
import { setupPrometheusRoutes } from '@gatewayz/observability/http';

const { PROVIDER_URL = 'http://127.0.0.1:9001/v1', PORT = '3000' } = process.env;
const server = createServer(async (request, response) => {
  const question = /^\/ask\/(.+)$/.exec(request.url ?? '')?.[1];
  if (question === undefined) return response.writeHead(404).end('There is /ask/:question.');
  const call = observability.inference({ provider: 'primary', model: 'large', request });
  try {
    const answer = await fetch(`${PROVIDER_URL}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer key' },
      body: JSON.stringify({ model: 'large', messages: [{ role: 'user', content: question }] }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    call.end({ outcome: classifyStatus(answer.status) });
    return answer.ok ? response.end(text) : response.writeHead(502).end('The provider failed.');
  } catch (error) {
    call.end({ outcome: outcomeOfError(error) });
    observability.exception(error);
    return response.writeHead(500).end('The provider could not be asked.');
  }
});
const observability = setupPrometheusRoutes(server, {
  appName: 'shop',
  providers: ['primary'],
  route: ({ url }) => (url?.startsWith('/ask/') ? '/ask/:question' : null),
});

server.listen(Number(PORT), () => console.log(`listening on http://127.0.0.1:${PORT}`));
