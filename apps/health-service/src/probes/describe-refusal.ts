import type { ProbedProvider } from './probed-provider.ts';
import { redact } from './redact.ts';

/** One line on an answer that is no success: its status and the message that it holds, less our secrets. */
export function describeRefusal(provider: ProbedProvider, status: number, body: Buffer): string {
  const message = messageOf(body);
  return redact(`answered ${status}${message === null ? '' : `: ${message}`}`, provider.secrets);
}

/** The message of an error in OpenAI's shape, or one of its imitations; null where there is none. */
export function messageOf(body: Buffer): string | null {
  try {
    return find(JSON.parse(body.toString('utf8')));
  } catch {
    return null;
  }
}

function find(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return null;
  const { error, message, detail } = value as Readonly<Record<string, unknown>>;
  if (typeof error === 'string') return error;
  const inner = typeof error === 'object' && error !== null ? (error as { message?: unknown }).message : null;
  const text = [inner, message, detail].find((part) => typeof part === 'string');
  return typeof text === 'string' ? text : null;
}
