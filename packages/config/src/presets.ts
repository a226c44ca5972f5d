/** What is known of a provider before anyone configures it. */
export interface Preset {
  readonly baseUrl: string;
  /** A gateway resells the models of other providers. */
  readonly resells: boolean;
}

const provider = (baseUrl: string): Preset => ({ baseUrl, resells: false });
const gateway = (baseUrl: string): Preset => ({ baseUrl, resells: true });

/** Base URLs as each provider documents them; a preset is on when `<NAME>_API_KEY` is set. */
export const PRESETS: Readonly<Record<string, Preset>> = {
  cerebras: provider('https://api.cerebras.ai/v1'),
  chutes: provider('https://llm.chutes.ai/v1'),
  deepinfra: provider('https://api.deepinfra.com/v1/openai'),
  deepseek: provider('https://api.deepseek.com/v1'),
  featherless: provider('https://api.featherless.ai/v1'),
  fireworks: provider('https://api.fireworks.ai/inference/v1'),
  groq: provider('https://api.groq.com/openai/v1'),
  huggingface: gateway('https://router.huggingface.co/v1'),
  mistral: provider('https://api.mistral.ai/v1'),
  nearai: provider('https://cloud-api.near.ai/v1'),
  nebius: provider('https://api.tokenfactory.nebius.com/v1'),
  novita: provider('https://api.novita.ai/openai/v1'),
  ollama: provider('http://127.0.0.1:11434/v1'),
  openai: provider('https://api.openai.com/v1'),
  openrouter: gateway('https://openrouter.ai/api/v1'),
  together: provider('https://api.together.xyz/v1'),
  xai: provider('https://api.x.ai/v1'),
};

/** The environment variable that holds a provider's key: `near-ai` → `NEAR_AI_API_KEY`. */
export function apiKeyVariable(name: string): string {
  return `${name.toUpperCase().replaceAll('-', '_')}_API_KEY`;
}
