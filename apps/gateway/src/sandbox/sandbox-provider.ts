import { answerEmbeddings } from './answer-embeddings.ts';
import { answerText, toFaultReply } from './answer-text.ts';
import type { Exchange } from './exchange.ts';
import { sandboxModels } from './models.ts';
import { toErrorReply } from './openai-error.ts';
import { drawFault, type SandboxId, type SandboxMode, toBehaviour } from './provider-behaviour.ts';
import { readChatRequest, readTextRequest } from './read-text-request.ts';

/** What an OpenAI-compatible provider is asked under its base URL. */
export type ProviderCall =
  | { readonly kind: 'models' }
  | { readonly kind: 'chat' | 'text' | 'embeddings'; readonly readBody: () => Promise<unknown> };

/** One sandbox provider with its current mode and the exchanges it is busy with. */
export interface LiveProvider {
  readonly id: SandboxId;
  mode(): SandboxMode;
  /** Going `down` cuts every exchange in progress. */
  setMode(mode: SandboxMode): void;
  /** Answers one call. Rejects when the exchange ends early, or with `RequestRefused`. */
  answer(call: ProviderCall, exchange: Exchange): Promise<void>;
}

function listModels(id: SandboxId): object {
  const data = sandboxModels.map((model) => ({ id: model, object: 'model', created: 0, owned_by: id }));
  return { object: 'list', data };
}

/** Creates a provider in `healthy` mode; `random` gives numbers from 0 up to 1 and decides over faults. */
export function createSandboxProvider(id: SandboxId, random: () => number): LiveProvider {
  let mode: SandboxMode = 'healthy';
  const active = new Set<Exchange>();

  async function serve(call: ProviderCall, exchange: Exchange): Promise<void> {
    const behaviour = toBehaviour(id, mode);
    if (behaviour.kind === 'down') {
      return exchange.reply(
        toErrorReply(503, `The sandbox provider ${id} is down.`, { code: 'provider_down' }),
      );
    }
    const { pace, faults } = behaviour;
    if (call.kind === 'models') return exchange.reply({ status: 200, body: listModels(id) });
    const body = await call.readBody();
    switch (call.kind) {
      case 'chat':
        return answerText(exchange, readChatRequest(body), { pace, faults, random });
      case 'text':
        return answerText(exchange, readTextRequest(body), { pace, faults, random });
      case 'embeddings': {
        const answer = answerEmbeddings(body);
        await exchange.pause(pace.firstTokenMs);
        const fault = toFaultReply(drawFault(faults, false, random));
        return exchange.reply(fault ?? { status: 200, body: answer });
      }
      default:
        return call satisfies never;
    }
  }

  return {
    id,
    mode: () => mode,
    setMode(next) {
      mode = next;
      if (next === 'down') for (const exchange of active) exchange.cut();
    },
    async answer(call, exchange) {
      active.add(exchange);
      try {
        await serve(call, exchange);
      } finally {
        active.delete(exchange);
      }
    },
  };
}
