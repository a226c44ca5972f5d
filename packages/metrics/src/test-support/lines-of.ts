import type { ExpositionFormat } from '../exposition-format.ts';
import type { Registry } from '../registry.ts';

/** The lines of an exposition that begin with a prefix. */
export async function linesOf(
  registry: Registry,
  prefix: string,
  format: ExpositionFormat = 'text',
): Promise<string[]> {
  const text = (await registry.render({ format })).toString();
  return text.split('\n').filter((line) => line.startsWith(prefix));
}
