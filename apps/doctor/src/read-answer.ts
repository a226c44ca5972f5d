import { CheckEnded, fail } from './check-result.ts';
import type { Deployment } from './deployment.ts';
import { type Place, showPlace } from './place.ts';

/** Somebody who is asked, and what to do where there is no answer. */
export interface Peer {
  readonly place: Place;
  readonly whenSilent: string;
  /** What to do about a 401 or 403. */
  readonly whenRefused: string;
}

/** The text of a 200. Ends the check for anything else. */
export async function readText(
  { ask }: Deployment,
  { place, whenSilent, whenRefused }: Peer,
): Promise<{ readonly text: string; readonly dateMs: number | null }> {
  const answer = await ask(place);
  const name = showPlace(place);
  if (answer.kind === 'unanswered') throw new CheckEnded(fail(`${name} ${answer.why}`, whenSilent));
  const { status, text, dateMs } = answer;
  if (status === 200) return { text, dateMs };
  const isRefusal = status === 401 || status === 403;
  throw new CheckEnded(fail(`${name} answers ${status}`, isRefusal ? whenRefused : whenSilent));
}

/** The JSON object of a 200. Ends the check for anything else. */
export async function readJson(deployment: Deployment, peer: Peer): Promise<JsonObject> {
  const { text } = await readText(deployment, peer);
  const body = parseObject(text);
  if (body !== null) return body;
  throw new CheckEnded(
    fail(`${showPlace(peer.place)} answers, but not with the JSON that is expected`, peer.whenSilent),
  );
}

/** An object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The object that a text holds as JSON; null where it holds none. */
export function parseObject(text: string): JsonObject | null {
  try {
    return toObject(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The value where it is an object, else null. */
export function toObject(value: unknown): JsonObject | null {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** The objects of a list; none where it is no list. */
export function toObjects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(toObject).filter((item) => item !== null) : [];
}
