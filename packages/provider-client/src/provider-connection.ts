import type { ProviderConfig } from '@gatewayz/config';
import { Pool } from 'undici';
import { lookupPublic } from './lookup-public.ts';

/** What it takes to call a provider. */
export interface ProviderConnection {
  readonly pool: Pool;
  /** Path of the base URL, without a trailing slash. */
  readonly basePath: string;
  /** Name and value in turn, as undici takes them; they hold the key. */
  readonly headers: readonly string[];
  /** The key, which must not reach a client or a log when the provider sends it back. */
  readonly secret: string | null;
}

/** How a connection is made beside the provider's configuration. */
export interface ConnectionOptions {
  readonly apiKey: string | null;
  readonly connectMs: number;
  readonly userAgent: string;
}

/**
 * Opens a provider: its connection pool and its prepared headers. The pool has no deadlines of its own but that of
 * connecting: who calls keeps them. Redirects are not followed.
 */
export function connectProvider(config: ProviderConfig, options: ConnectionOptions): ProviderConnection {
  const url = new URL(config.baseUrl);
  const pool = new Pool(url.origin, {
    connections: config.maxConnections,
    pipelining: 1,
    connect: {
      timeout: options.connectMs,
      ...(config.allowPrivateAddresses ? {} : { lookup: lookupPublic }),
    },
    keepAliveTimeout: 30_000,
    keepAliveMaxTimeout: 300_000,
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  });
  const basePath = url.pathname.replace(/\/+$/, '');
  return { pool, basePath, headers: toHeaders(config, options), secret: options.apiKey };
}

function toHeaders(config: ProviderConfig, { apiKey, userAgent }: ConnectionOptions): readonly string[] {
  const headers = [
    'content-type',
    'application/json',
    'accept-encoding',
    'identity',
    'user-agent',
    userAgent,
  ];
  if (apiKey !== null) headers.push('authorization', `Bearer ${apiKey}`);
  for (const [name, value] of Object.entries(config.headers)) headers.push(name, value);
  return headers;
}
