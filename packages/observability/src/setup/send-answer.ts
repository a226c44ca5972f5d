import type { ServerResponse } from 'node:http';
import type { EndpointAnswer } from './endpoints.ts';

/** Sends a whole answer over a plain response; one whose client has left takes it without harm. */
export function sendAnswer(response: ServerResponse, { status, headers, body }: EndpointAnswer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...headers });
  response.end(body);
}
