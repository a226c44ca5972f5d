import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';

/** Answers one query. */
export type Answer = (promql: string, response: ServerResponse, request: IncomingMessage) => void;

/** A scripted HTTP server in the place of a Prometheus. */
export interface FakePrometheus {
  readonly url: string;
  answer: Answer;
  /** The queries since the last look. */
  take(): readonly string[];
}

const opened: Server[] = [];

/** Closes every fake, connections and all. */
export async function closeFakes(): Promise<void> {
  for (const server of opened.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

/** Starts a Prometheus that answers its queries so. */
export async function startFake(answer: Answer): Promise<FakePrometheus> {
  const queries: string[] = [];
  const fake = { url: '', answer, take: () => queries.splice(0) };
  const server = createServer(async (request, response) => {
    const promql = new URLSearchParams(await readText(request)).get('query') ?? '';
    queries.push(promql);
    fake.answer(promql, response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(server);
  fake.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return fake;
}

/** Whether it is asked how old the newest scrape is. */
export const isAgeQuery = (promql: string): boolean => promql.startsWith('time()');

/** A vector of one element. */
export function vector(value: string): string {
  const result = [{ metric: {}, value: [1_900_000_000, value] }];
  return JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
}
export const EMPTY: string = '{"status":"success","data":{"resultType":"vector","result":[]}}';

/** Everything is 42, as of three seconds ago. */
export const answersWell: Answer = (promql, response) =>
  response.end(vector(isAgeQuery(promql) ? '3' : '42'));
export const hangs: Answer = () => undefined;
export const answersGarbage: Answer = (_, response) => response.end('<html>not you</html>');
export const answersTooMuch: Answer = (_, response) => response.end(`"${'x'.repeat(10_000_000)}"`);
export const refusesAll: Answer = (_, response) => response.writeHead(422).end('{"status":"error"}');
export const redirects: Answer = (_, response) =>
  response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end();
export const drops: Answer = (_, response) => response.destroy();

/** Only the number of requests in progress fails so. */
export function failsForOne(fails: Answer): Answer {
  return (promql, response, request) =>
    (promql.includes('in_progress') ? fails : answersWell)(promql, response, request);
}
