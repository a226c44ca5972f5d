/** How many choices the answer to a body is to have: `n`, for each of its prompts. */
export function countChoices({ n, prompt }: Readonly<Record<string, unknown>>): number {
  const each = Number.isSafeInteger(n) && (n as number) > 0 ? (n as number) : 1;
  return each * countPrompts(prompt);
}

/** How many prompts a field holds: a list of numbers is one, in tokens. */
export function countPrompts(prompt: unknown): number {
  if (!Array.isArray(prompt) || typeof prompt[0] === 'number') return 1;
  return Math.max(1, prompt.length);
}
