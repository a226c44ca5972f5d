/** A text whose tokens are to be counted, or tokens that are known without that. */
export type Found = string | number;

/** A picture or a recording counts as many tokens as this, whatever it shows: only the provider can tell. */
const TOKENS_PER_ATTACHMENT = 1000;

/** Content parts that hold an attachment, under a field of the same name. */
const ATTACHMENT_TYPES: ReadonlySet<string> = new Set([
  'image_url',
  'input_audio',
  'file',
  'video_url',
  'audio_url',
]);
const ATTACHMENT_FIELDS: ReadonlySet<string> = new Set(['url', 'file_data', 'data', 'file_id']);

type Fields = Readonly<Record<string, unknown>>;

/**
 * Finds every text of a value, at any depth, and what it holds beside texts; with `countsNames` the names of its
 * fields too. Each step of the walk gives something, so that whoever walks can stop and go on at any of them.
 */
export function* textsOf(root: unknown, countsNames = false): Generator<Found> {
  const open: Iterator<unknown>[] = [[root].values()];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const { done, value } = top.next();
    if (done === true) open.pop();
    else if (typeof value === 'string') yield value;
    // A list of tokens is what it is.
    else if (typeof value === 'number') yield 1;
    else if (!isObject(value)) yield 0;
    else if (isAttachment(value)) {
      yield TOKENS_PER_ATTACHMENT;
      open.push(besideAttachment(value).values());
    } else {
      yield 0;
      open.push(childrenOf(value, countsNames));
    }
  }
}

/** How many attachments the content parts of a list of messages hold. */
export function countAttachments(messages: unknown): number {
  if (!Array.isArray(messages)) return 0;
  let attachments = 0;
  for (const message of messages) {
    const content = isObject(message) ? message.content : null;
    if (!Array.isArray(content)) continue;
    for (const part of content) if (isObject(part) && isAttachment(part)) attachments += 1;
  }
  return attachments;
}

function childrenOf(value: Fields, countsNames: boolean): Iterator<unknown> {
  if (Array.isArray(value)) return value.values();
  return (countsNames ? Object.entries(value).flat() : Object.values(value)).values();
}

function isAttachment(part: Fields): boolean {
  const held = attachedTo(part);
  if (typeof held === 'string') return true;
  return isObject(held) && Object.keys(held).some((name) => ATTACHMENT_FIELDS.has(name));
}

function besideAttachment(part: Fields): readonly unknown[] {
  const held = attachedTo(part);
  if (!isObject(held)) return [];
  return Object.entries(held).flatMap(([name, value]) =>
    ATTACHMENT_FIELDS.has(name) && typeof value === 'string' ? [] : [value],
  );
}

function attachedTo(part: Fields): unknown {
  const { type } = part;
  return typeof type === 'string' && ATTACHMENT_TYPES.has(type) ? part[type] : null;
}

function isObject(value: unknown): value is Fields {
  return value !== null && typeof value === 'object';
}
