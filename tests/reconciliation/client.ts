import { collectChat, type RunningGateway, readSse, type SseEvent } from '@gatewayz/testkit';
import type { PlannedRequest } from './plan.ts';
import { toPrompt } from './plan.ts';

export const CLIENT_KEY = 'key-of-the-reconciled-client';
const EVENTS_BEFORE_LEAVING = 4;
const CLIENT_CLOSED = 499;

/** What the client wrote down of one request. */
export interface ClientRecord {
  readonly planned: PlannedRequest;
  readonly path: string;
  /** As received; 499 where the client left. */
  readonly status: number;
  /** The answer that a stream came to; null for what was no stream. */
  readonly stream: 'whole' | 'broken' | 'left' | null;
  /** The parts of the answer that arrived in a stream. */
  readonly chunks: number;
  readonly usage: { readonly prompt_tokens?: number; readonly completion_tokens?: number } | null;
}

/** Resolves when a request of that id has reached a provider. */
export type Arrival = (id: string) => Promise<void>;

const PATHS = {
  chat: '/v1/chat/completions',
  completions: '/v1/completions',
  embeddings: '/v1/embeddings',
} as const;

function toBody(planned: PlannedRequest): string {
  const { endpoint, model, stream, fault } = planned;
  const text = toPrompt(planned);
  const content = {
    chat: { messages: [{ role: 'user', content: text }] },
    completions: { prompt: text },
    embeddings: { input: text },
  }[endpoint];
  const body = JSON.stringify({ model, ...content, ...(stream ? { stream } : {}) });
  return fault === 'bad json' ? body.slice(0, -1) : body;
}

/** Makes one request as it is planned and writes down what came of it. */
export async function play(
  gateway: RunningGateway,
  planned: PlannedRequest,
  arrival: Arrival,
): Promise<ClientRecord> {
  const path = PATHS[planned.endpoint];
  const leaving = new AbortController();
  const left: ClientRecord = { planned, path, status: CLIENT_CLOSED, stream: null, chunks: 0, usage: null };
  const asking = fetch(`${gateway.url}${path}`, {
    method: 'POST',
    signal: leaving.signal,
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${planned.fault === 'wrong key' ? 'another' : CLIENT_KEY}`,
    },
    body: toBody(planned),
  });
  if (planned.leaves === 'waiting') {
    const gone = asking.catch(() => null);
    await arrival(planned.id);
    leaving.abort();
    if ((await gone) !== null) throw new Error(`${planned.id} was answered before the client left`);
    return left;
  }
  const response = await asking;
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (isStream) return readStream(response, { ...left, status: response.status }, leaving);
  const { usage = null } = (await response.json()) as { readonly usage?: ClientRecord['usage'] };
  return { ...left, status: response.status, usage };
}

async function readStream(
  response: Response,
  record: ClientRecord,
  leaving: AbortController,
): Promise<ClientRecord> {
  const events: SseEvent[] = [];
  const reading = readSse(response);
  for await (const event of reading) {
    events.push(event);
    if (record.planned.leaves !== 'streaming' || events.length < EVENTS_BEFORE_LEAVING) continue;
    leaving.abort();
    return { ...record, status: CLIENT_CLOSED, stream: 'left', chunks: events.length };
  }
  const chat = collectChat(events);
  if (reading.ended !== 'clean' || chat.malformed.length > 0 || chat.usageCount > 0)
    throw new Error(`${record.planned.id}: a stream that ended ${reading.ended}, ${JSON.stringify(chat)}`);
  if (chat.done === (chat.errorEvent !== null))
    throw new Error(`${record.planned.id}: a stream needs [DONE] or an error, and not both`);
  const chunks = events.filter(({ data }) => data?.includes('"choices"') === true).length;
  return { ...record, stream: chat.done ? 'whole' : 'broken', chunks };
}
