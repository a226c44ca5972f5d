/** What a place for lines and spans does with them; a number is the status that it answers. */
export type SinkState = 'takes' | 'refuses' | 'hangs' | 429 | 503;
