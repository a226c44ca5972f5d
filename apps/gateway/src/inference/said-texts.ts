type Fields = Readonly<Record<string, unknown>>;

/**
 * What a choice says, in a part of a stream or in a whole answer: its text, refusal, reasoning and calls of tools,
 * all that output tokens are spent on.
 */
export function saidTexts(choice: unknown): readonly string[] {
  const { delta, message, text } = toFields(choice);
  const said = delta ?? message;
  if (said === null || typeof said !== 'object') return typeof text === 'string' ? [text] : [];
  const { content, refusal, audio, function_call: call, tool_calls: calls } = said as Fields;
  return [
    ...toTexts(content),
    ...toTexts(refusal),
    ...toTexts(toFields(audio).transcript),
    ...reasoningOf(said as Fields),
    ...callTexts(call),
    ...(Array.isArray(calls) ? calls.flatMap(toolTexts) : []),
  ];
}

/** How many bytes of UTF-8 a choice says. */
export function countSaidBytes(choice: unknown): number {
  let bytes = 0;
  for (const text of saidTexts(choice)) bytes += Buffer.byteLength(text);
  return bytes;
}

/** Servers that give reasoning under several names give the same under each. */
function reasoningOf(said: Fields): readonly string[] {
  const { reasoning_content: content, reasoning, reasoning_details: details } = said;
  const given = [content, reasoning].filter((one) => typeof one === 'string' && one !== '');
  return given.length > 0 ? [String(given[0])] : toTexts(details);
}

function toolTexts(call: unknown): readonly string[] {
  const { function: called, custom } = toFields(call);
  return [...callTexts(called), ...callTexts(custom)];
}

function callTexts(call: unknown): readonly string[] {
  const { name, arguments: given, input } = toFields(call);
  return [name, given, input].filter((one) => typeof one === 'string');
}

/** A text, or the texts of a list of parts. */
function toTexts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return [];
  return value.flatMap((part) => {
    const { text, refusal, summary, thinking } = toFields(part);
    return [text, refusal, summary, thinking].flatMap(toTexts);
  });
}

function toFields(value: unknown): Fields {
  return value !== null && typeof value === 'object' ? (value as Fields) : {};
}
