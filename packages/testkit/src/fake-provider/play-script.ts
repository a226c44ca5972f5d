import type { OpenAttempt } from './attempt.ts';
import { deliverReply } from './deliver-reply.ts';
import type { Exchange } from './exchange.ts';
import { ExchangeClosedError } from './exchange.ts';
import type { ProviderRequest } from './read-openai-request.ts';
import type { Reply } from './reply.ts';
import { toAnswerReply, toBodyReply } from './reply.ts';
import type { DropScript, RawScript, Script } from './script.ts';

/** `keep`: the connection may carry another request. `over`: it may not. `closed`: it went away under the reply. */
export type PlayOutcome = 'keep' | 'over' | 'closed';

type ScriptedRequest = { readonly script: Script; readonly request: ProviderRequest };

async function leave(exchange: Exchange, how: 'end' | 'destroy' | 'reset'): Promise<void> {
  if (how === 'reset') exchange.reset();
  else if (how === 'destroy') exchange.destroy();
  else exchange.end();
  await exchange.untilClosed();
}

async function sendRaw(script: RawScript, exchange: Exchange, attempt: OpenAttempt): Promise<void> {
  const bytes = Buffer.from(script.bytes);
  attempt.bytesSent += bytes.length;
  if (!exchange.write(bytes)) await exchange.drained();
  await exchange.flushed();
  attempt.end = 'fault:raw';
  if (script.then === 'keep_open') await exchange.untilClosed();
  else await leave(exchange, script.then);
}

function drops(script: DropScript, exchange: Exchange): boolean {
  return script.when === 'always' || exchange.numberOnConnection > 1;
}

async function deliver(
  reply: Reply,
  exchange: Exchange,
  attempt: OpenAttempt,
  keepsText: boolean,
): Promise<PlayOutcome> {
  const { end, keepAlive } = await deliverReply(reply, exchange, attempt, keepsText);
  attempt.end = end;
  return keepAlive ? 'keep' : 'over';
}

async function play(
  { script, request }: ScriptedRequest,
  exchange: Exchange,
  attempt: OpenAttempt,
  keepsText: boolean,
): Promise<PlayOutcome> {
  switch (script.kind) {
    case 'answer':
      return deliver(toAnswerReply(script, request, attempt.number), exchange, attempt, keepsText);
    case 'body':
      return deliver(toBodyReply(script), exchange, attempt, keepsText);
    case 'raw':
      await sendRaw(script, exchange, attempt);
      return 'over';
    case 'hang':
      attempt.end = 'fault:hang';
      await exchange.untilClosed();
      return 'over';
    case 'drop': {
      if (!drops(script, exchange)) {
        const otherwise = script.otherwise ?? { kind: 'answer' };
        return play({ script: otherwise, request }, exchange, attempt, keepsText);
      }
      attempt.end = 'fault:drop';
      await leave(exchange, script.how);
      return 'over';
    }
    default:
      return script satisfies never;
  }
}

/** Plays a script, or a ready reply, for one exchange; never rejects for a connection that went away. */
export async function playScript(
  action: Reply | ScriptedRequest,
  exchange: Exchange,
  attempt: OpenAttempt,
  keepsText: boolean,
): Promise<PlayOutcome> {
  try {
    if ('script' in action) return await play(action, exchange, attempt, keepsText);
    return await deliver(action, exchange, attempt, keepsText);
  } catch (error) {
    if (error instanceof ExchangeClosedError) return 'closed';
    exchange.destroy();
    throw error;
  }
}
