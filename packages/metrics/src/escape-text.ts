import type { ExpositionFormat } from './exposition-format.ts';

const LABEL_SPECIAL = /[\\"\n]/;
const HELP_SPECIAL = /[\\\n]/;

function escapeCharacter(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}

/** Escapes a label value for both formats: backslash, double quote and line feed. */
export function escapeLabelValue(value: string): string {
  return LABEL_SPECIAL.test(value) ? value.replace(/[\\"\n]/g, escapeCharacter) : value;
}

/** Escapes a help text: backslash and line feed, and in OpenMetrics the double quote too. */
export function escapeHelp(help: string, format: ExpositionFormat): string {
  if (format === 'openmetrics') {
    return escapeLabelValue(help);
  }
  return HELP_SPECIAL.test(help) ? help.replace(/[\\\n]/g, escapeCharacter) : help;
}
