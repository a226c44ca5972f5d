import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createExchange, type Exchange, type Rhythm, sendReply } from './exchange.ts';
import { refuseForeign } from './loopback.ts';
import { sandboxModels } from './models.ts';
import { type Reply, RequestRefused, toErrorReply } from './openai-error.ts';
import { isSandboxId, type SandboxId, sandboxIds } from './provider-behaviour.ts';
import { readJsonBody } from './read-json-body.ts';
import { createSandboxControl, type SandboxControl } from './sandbox-control.ts';
import { createSandboxProvider, type LiveProvider, type ProviderCall } from './sandbox-provider.ts';

/** Where a sandbox provider is found and what it serves. */
export interface SandboxProvider {
  readonly id: SandboxId;
  /** An OpenAI-compatible base URL, such as `http://127.0.0.1:41234/sandbox-fast/v1`; any API key will do. */
  readonly baseUrl: string;
  readonly models: readonly string[];
}

/** The running sandbox: one HTTP server on the loopback address with all its providers. */
export interface Sandbox extends SandboxControl {
  readonly providers: readonly SandboxProvider[];
  /** Cuts what is in progress and frees the port. */
  close(): Promise<void>;
}

export interface SandboxOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Numbers from 0 up to 1, for faults and jitter. */
  readonly random?: () => number;
  /** `instant` answers without any wait; default `natural`. */
  readonly rhythm?: Rhythm['kind'];
  /** Hears of the start and of every change of mode. */
  readonly log?: (message: string) => void;
}

interface Rooms {
  readonly providers: Readonly<Record<SandboxId, LiveProvider>>;
  readonly control: SandboxControl;
}

const callKinds: Readonly<Record<string, ProviderCall['kind']>> = {
  'GET models': 'models',
  'POST chat/completions': 'chat',
  'POST completions': 'text',
  'POST embeddings': 'embeddings',
};

function toUnknownRoute(method: string, path: string): Reply {
  return toErrorReply(404, `Unknown request: ${method} ${path.slice(0, 200)}`, { code: 'unknown_url' });
}

async function answerControl(
  request: IncomingMessage,
  path: string,
  control: SandboxControl,
): Promise<Reply> {
  const id = /^\/sandbox\/providers\/([^/]+)$/.exec(path)?.[1];
  if (request.method === 'POST' && id !== undefined)
    return control.handleControl(id, await readJsonBody(request));
  if (request.method === 'GET' && path === '/sandbox/providers') return control.handleList();
  return toUnknownRoute(request.method ?? '', path);
}

async function route(request: IncomingMessage, exchange: Exchange, rooms: Rooms): Promise<void> {
  const refusal = refuseForeign(request.headers);
  if (refusal !== null) return exchange.reply(refusal);
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (path.startsWith('/sandbox/')) return exchange.reply(await answerControl(request, path, rooms.control));
  const [, id, endpoint] = /^\/([^/]+)\/v1\/(.+)$/.exec(path) ?? [];
  const kind = callKinds[`${request.method} ${endpoint}`];
  if (!isSandboxId(id) || kind === undefined)
    return exchange.reply(toUnknownRoute(request.method ?? '', path));
  const call = kind === 'models' ? { kind } : { kind, readBody: () => readJsonBody(request) };
  await rooms.providers[id].answer(call, exchange);
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  rooms: Rooms,
  rhythm: Rhythm,
): Promise<void> {
  const exchange = createExchange(response, rhythm);
  try {
    await route(request, exchange, rooms);
  } catch (error) {
    if (exchange.signal.aborted) return;
    if (response.headersSent) return exchange.cut();
    const reply =
      error instanceof RequestRefused ? error.reply : toErrorReply(500, 'The sandbox itself failed.');
    sendReply(response, reply);
  }
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** Starts the sandbox on 127.0.0.1. Rejects when the port is taken. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, random = Math.random, rhythm = 'natural', log = () => {} } = options;
  const providers = {
    'sandbox-fast': createSandboxProvider('sandbox-fast', random),
    'sandbox-slow': createSandboxProvider('sandbox-slow', random),
    'sandbox-flaky': createSandboxProvider('sandbox-flaky', random),
  };
  let origin = '';
  const toBaseUrl = (id: SandboxId): string => `${origin}/${id}/v1`;
  const control = createSandboxControl(providers, toBaseUrl, log);
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void handle(request, response, { providers, control }, { kind: rhythm, random });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  log(`sandbox providers listen on ${origin}`);
  return {
    ...control,
    providers: sandboxIds.map((id) => ({ id, baseUrl: toBaseUrl(id), models: sandboxModels })),
    close: () => closeServer(server),
  };
}
