import type { SandboxId } from './provider-behaviour.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from './start-sandbox.ts';

/** Fields of the sandbox's JSON answers that tests look at; each answer has some of them. */
export interface ReplyBody {
  readonly choices: readonly {
    readonly message: { readonly content: string };
    readonly finish_reason: string;
  }[];
  readonly usage: { readonly completion_tokens: number };
  readonly data: readonly { readonly embedding: readonly number[] }[];
  readonly error: { readonly message: string };
}

export const question = 'How does a circuit breaker trip?';

/** Dice that never bring a fault. */
const never = (): number => 0.999;

/** Starts a sandbox without waits or faults, unless the options say otherwise. */
export function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  return startSandbox({ rhythm: 'instant', random: never, ...options });
}

export function baseUrl(sandbox: Sandbox, id: SandboxId = 'sandbox-fast'): string {
  const provider = sandbox.providers.find((candidate) => candidate.id === id);
  if (provider === undefined) throw new Error(`no ${id}`);
  return provider.baseUrl;
}

/** Options for the `openai` SDK. */
export function sdkOptions(
  sandbox: Sandbox,
  id?: SandboxId,
): { readonly baseURL: string; readonly apiKey: string; readonly maxRetries: number } {
  return { baseURL: baseUrl(sandbox, id), apiKey: 'any', maxRetries: 0 };
}

export async function post(url: string, body: unknown): Promise<{ status: number; body: ReplyBody }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as ReplyBody };
}

interface ChatRequest {
  readonly model: string;
  readonly messages: { readonly role: 'user'; readonly content: string }[];
}

export const chatRequest: ChatRequest = {
  model: 'sandbox-large',
  messages: [{ role: 'user', content: question }],
};

export function postChat(sandbox: Sandbox, extra: object = {}, id?: SandboxId): ReturnType<typeof post> {
  return post(`${baseUrl(sandbox, id)}/chat/completions`, { ...chatRequest, ...extra });
}

export function openStream(sandbox: Sandbox, extra: object = {}, id?: SandboxId): Promise<Response> {
  return fetch(`${baseUrl(sandbox, id)}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ ...chatRequest, stream: true, ...extra }),
  });
}

/** Reads the data of every event, until the end or the cut. */
export async function readEvents(response: Response): Promise<{ events: readonly string[]; isCut: boolean }> {
  const decoder = new TextDecoder();
  let text = '';
  let isCut = false;
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
  } catch {
    isCut = true;
  }
  const events = text.split('\n\n').filter((event) => event !== '');
  return { events: events.map((event) => event.replace(/^data: /, '')), isCut };
}
