import type { ProviderConfig, Secrets } from '@gatewayz/config';
import { connectProvider, type ProviderConnection } from '@gatewayz/provider-client';
import { VERSION } from '../version.ts';

/** A provider as probes call it. */
export interface ProbedProvider {
  readonly name: string;
  readonly config: ProviderConfig;
  readonly connection: ProviderConnection;
  /** Host and port of the base URL. */
  readonly host: string;
  /** What must not stand in any text that the provider sends back. */
  readonly secrets: readonly string[];
}

/** Opens a provider for probes, with its own connections. */
export function openProbedProvider(
  config: ProviderConfig,
  secrets: Secrets,
  connectMs: number,
): ProbedProvider {
  const apiKey = secrets.providerKeys.get(config.name) ?? null;
  const userAgent = `gatewayz-health-service/${VERSION}`;
  const connection = connectProvider(config, { apiKey, connectMs, userAgent });
  const hidden = [...(apiKey === null ? [] : [apiKey]), ...Object.values(config.headers)];
  return {
    name: config.name,
    config,
    connection,
    host: new URL(config.baseUrl).host,
    secrets: hidden,
  };
}
