import { gates, runGates } from './gates.ts';

// `npm run check -- biome types` runs only the gates named.
const names = process.argv.slice(2);
const unknown = names.filter((name) => !gates.some((gate) => gate.name === name));

if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; the gates are ${gates.map((gate) => gate.name).join(', ')}`);
  process.exitCode = 1;
} else {
  const selected = names.length === 0 ? gates : gates.filter((gate) => names.includes(gate.name));
  const results = await runGates(process.cwd(), selected);
  if (results.some((result) => !result.isOk)) process.exitCode = 1;
}
