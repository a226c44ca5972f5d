import type { Config } from '@gatewayz/config';

/** What the start has to say. */
export interface BannerFacts {
  readonly url: string;
  readonly config: Config;
  /** The key that was made because none is configured. */
  readonly generatedKey: string | null;
  readonly hasSandbox: boolean;
}

/** The text that the start prints: where everything is, and one command to paste. */
export function toBanner({ url, config, generatedKey, hasSandbox }: BannerFacts): string {
  const names = config.providers.map((provider) => provider.name).join(', ');
  const lines = [
    `Gatewayz is running. Providers: ${names}`,
    '',
    `  API        ${url}/v1`,
    `  Health     ${url}/health`,
    `  Metrics    ${url}/metrics`,
    ...(generatedKey === null
      ? []
      : [`  Key        ${generatedKey}   (made for this start; set GATEWAYZ_KEY to keep one)`]),
    '',
    'Try it:',
    '',
    toCurl(url, config, generatedKey),
    '',
  ];
  if (hasSandbox) {
    lines.push(
      'No provider is configured, so three sandbox providers answer. Break one, and ask again:',
      '',
      `  curl -s ${url}/sandbox/providers/sandbox-fast -H 'content-type: application/json' -d '{"mode":"down"}'`,
      '',
    );
  }
  return `${lines.join('\n')}\n`;
}

function toCurl(url: string, config: Config, generatedKey: string | null): string {
  const key = generatedKey ?? '$GATEWAYZ_KEY';
  const authorization = config.auth === 'open' ? '' : ` -H "authorization: Bearer ${key}"`;
  const model = config.models[0]?.name ?? config.providers[0]?.models?.[0] ?? '<model>';
  const body = JSON.stringify({
    model,
    messages: [{ role: 'user', content: 'What does a circuit breaker do?' }],
  });
  return `  curl -s ${url}/v1/chat/completions${authorization} -H 'content-type: application/json' -d '${body}'`;
}
