import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  answers,
  failsWith,
  failsWith200,
  noise,
  type ProviderRequest,
  repliesWith,
  type Script,
  type ScriptSource,
} from '@gatewayz/testkit';

/** Secrets of no shape that a pattern could know, each for one way by which it could get out. */
export const CANARIES = {
  clientKey: 'canaryClientKey7Q2x',
  wrongKey: 'canaryWrongKey8W3y',
  providerKey: 'canaryProviderKey9E4z',
  providerHeader: 'canaryProviderHeader1R5a',
  metricsToken: 'canaryMetricsToken2T6b',
  adminToken: 'canaryAdminToken3Y7c',
  lokiPassword: 'canary/Loki+Pass4U8d',
  redisPassword: 'canary/Redis+Pass5I9e',
  prometheusPassword: 'canary/Prom+Pass6O1f',
  otlpHeader: 'canaryOtlpHeader7P2g',
  prompt: 'canaryPrompt8A3h',
  systemPrompt: 'canarySystem9S4i',
  answer: 'canaryAnswer1D5j',
  cookie: 'canaryCookie2F6k',
  clientHeader: 'canaryHeader3G7l',
  query: 'canaryQuery4H8m',
} as const;

const KEY = CANARIES.providerKey;

/** What a provider may say of a request: our key, and all that it was sent. */
function echoOf({ json }: ProviderRequest): string {
  return `Incorrect API key provided: ${KEY}. You said: ${JSON.stringify(json)}`;
}

function echoing(toScript: (echo: string) => Script): ScriptSource {
  return (request) => toScript(echoOf(request));
}

/** Providers that repeat what they were sent, wherever an answer has room for it. */
export const ECHOES: Readonly<Record<string, ScriptSource>> = {
  'echo-answer': echoing((echo) => answers({ text: `${CANARIES.answer} ${echo.replace(KEY, '')}` })),
  'echo-401': echoing((message) => failsWith(401, { message, retryAfter: 0 })),
  'echo-400': echoing((message) => failsWith(400, { message, param: KEY, code: KEY, type: KEY })),
  'echo-429': echoing((message) => failsWith(429, { message, retryAfter: 0 })),
  'echo-500': echoing((message) => failsWith(500, { message })),
  'echo-200': echoing((echo) => failsWith200(echo)),
  'echo-html': echoing((echo) =>
    repliesWith({ text: `<html>${echo}</html>` }, { status: 502, contentType: 'text/html' }),
  ),
  'echo-garbage': echoing((echo) => repliesWith({ text: echo })),
  'echo-event': echoing((message) =>
    answers({ insert: [{ at: 2, raw: `data: ${JSON.stringify({ error: { message } })}\n\n` }] }),
  ),
  'echo-noise': echoing((echo) =>
    answers({ insert: [{ at: 1, raw: `data: {${echo}\n\n${noise.comment}` }] }),
  ),
  'echo-finish': repliesWith({
    json: {
      id: KEY,
      object: 'chat.completion',
      model: KEY,
      choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: KEY }],
      usage: { prompt_tokens: 1, completion_tokens: 1 },
    },
  }),
};

/** The canaries that a text holds, as they are, URL-encoded, or in base64. */
export function canariesIn(
  text: string,
  canaries: Readonly<Record<string, string>> = CANARIES,
): readonly string[] {
  return Object.entries(canaries)
    .filter(([, secret]) =>
      [secret, encodeURIComponent(secret), base64(secret)].some((spelling) => text.includes(spelling)),
    )
    .map(([name]) => name);
}

/** Without its last characters, which depend on what comes after it. */
function base64(secret: string): string {
  return Buffer.from(secret)
    .toString('base64')
    .slice(0, Math.floor((secret.length * 4) / 3));
}

/** The bytes of every file under a folder, as text. */
export function readFolder(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .map((file) => join(folder, file))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}
