import type { Endpoint } from './job.ts';

const system =
  'You are the assistant of a small software team. Answer in plain words, at most three sentences, and say so ' +
  'when you do not know. Prefer examples to definitions. When a question has more than one reading, name the one ' +
  'that you answer. Never repeat the question, never apologise, and do not use headings or lists unless asked to.';
const user =
  'We put a gateway in front of five model providers. On Monday one of them began to answer with status 200 and an ' +
  'empty choice list for about two percent of requests, and nobody saw it before the customers did. Our monitor ' +
  'counts status codes and latency, both of which were fine. What would you measure in addition, where would you ' +
  'measure it, and which single alert would you set first? Please keep in mind that streams are most of our traffic.';

/** The JSON body of about 1 KB that every request of the bench carries. */
export function requestBody(stream: boolean): string {
  return JSON.stringify({
    model: 'bench-model',
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: user },
    ],
    temperature: 0.7,
    max_tokens: 256,
    ...(stream ? { stream: true } : {}),
  });
}

/** A whole HTTP/1.1 request, ready to be written to a socket again and again. */
export function requestBytes(endpoint: Endpoint, stream: boolean): Buffer {
  const body = requestBody(stream);
  const headers = Object.entries(endpoint.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${endpoint.port}\r\n${headers.join('')}` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
