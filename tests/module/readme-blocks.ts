/** A block of code in a Markdown text. */
export interface ReadmeBlock {
  /** What stands behind the fence: `ts`, `sh`, … */
  readonly language: string;
  readonly code: string;
  /** The block of `text` that comes next, if one does: what the code prints. */
  readonly output: string | null;
}

const FENCE = /^```(\w*)\n(.*?)^```$/gms;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;
const ID = /"[0-9a-f]{32}"|"[0-9a-f]{16}"/g;

/** Reads the blocks of code of a Markdown text, in their order. */
export function readBlocks(markdown: string): readonly ReadmeBlock[] {
  const blocks = [...markdown.matchAll(FENCE)].map(([, language = '', code = '']) => ({ language, code }));
  return blocks
    .map(({ language, code }, index) => {
      const next = blocks[index + 1];
      return { language, code, output: next?.language === 'text' ? next.code : null };
    })
    .filter(({ language }) => language !== 'text');
}

/** The text with every point of time and every id of a trace or span alike, so that two runs can be compared. */
export function withoutChance(text: string): string {
  return text.replace(TIME, 'TIME').replace(ID, '"ID"');
}
