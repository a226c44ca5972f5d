import type { z } from 'zod';

/** A copy of a parsed file without the parts that its schema refused, so that what is left can be judged too. */
export function withoutFaults(input: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy: unknown = structuredClone(input);
  const faults = issues.flatMap(({ path, ...issue }) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path],
  );
  // From the back, so that the places of a list's earlier items stay what they are.
  for (const path of faults.toReversed()) removeAt(copy, path);
  return copy;
}

function removeAt(input: unknown, path: readonly PropertyKey[]): void {
  let parent = input;
  for (const key of path.slice(0, -1)) {
    if (parent === null || typeof parent !== 'object') return;
    parent = (parent as Record<PropertyKey, unknown>)[key];
  }
  const last = path.at(-1);
  if (last === undefined || parent === null || typeof parent !== 'object') return;
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete (parent as Record<PropertyKey, unknown>)[last];
}
