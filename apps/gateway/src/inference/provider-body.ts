import type { InferenceRequest } from './inference-request.ts';
import type { Span } from './scan-body.ts';
import type { Transcript } from './transcript.ts';

/** What a provider's body has that the client's has not. */
export interface BodyChanges {
  /** The model's name at the provider. */
  readonly model: string;
  /** Asks for a usage chunk at the end of the stream. */
  readonly addUsage: boolean;
  /** The answer so far, for the provider to continue. */
  readonly prefill: Transcript | null;
}

interface Edit {
  readonly span: Span;
  readonly text: string;
}

/**
 * The body that a provider gets: the client's own bytes, but for the fields that must change. Everything else stays
 * as it came.
 */
export function toProviderBody(request: InferenceRequest, changes: BodyChanges): Buffer {
  const { body } = request;
  const edits = toEdits(request, changes);
  if (edits.length === 0) return body;

  edits.sort((a, b) => a.span.start - b.span.start);
  const parts: Buffer[] = [];
  let from = 0;
  for (const { span, text } of edits) {
    parts.push(body.subarray(from, span.start), Buffer.from(text));
    from = span.end;
  }
  parts.push(body.subarray(from));
  return Buffer.concat(parts);
}

function toEdits(request: InferenceRequest, { model, addUsage, prefill }: BodyChanges): Edit[] {
  const edits: Edit[] = [];
  const modelSpan = request.layout.fields.get('model');
  if (request.model !== model && modelSpan !== undefined)
    edits.push({ span: modelSpan, text: JSON.stringify(model) });
  if (addUsage) edits.push(toUsageEdit(request));
  if (prefill !== null) edits.push(...toPrefillEdits(request, prefill));
  return edits;
}

function toUsageEdit(request: InferenceRequest): Edit {
  const { insertAt, fields } = request.layout;
  const span = fields.get('stream_options');
  if (span === undefined) {
    return { span: { start: insertAt, end: insertAt }, text: '"stream_options":{"include_usage":true},' };
  }
  const options = { ...(request.parsed.stream_options as object | null), include_usage: true };
  return { span, text: JSON.stringify(options) };
}

/** The answer so far as the last message, and as many tokens less to make. */
function toPrefillEdits(request: InferenceRequest, { text, textChunks }: Transcript): Edit[] {
  const edits: Edit[] = [];
  const messages = request.layout.fields.get('messages');
  if (messages !== undefined) {
    const at = messages.end - 1;
    edits.push({
      span: { start: at, end: at },
      text: `,${JSON.stringify({ role: 'assistant', content: text })}`,
    });
  }
  for (const field of ['max_tokens', 'max_completion_tokens']) {
    const span = request.layout.fields.get(field);
    const limit = request.parsed[field];
    if (span !== undefined && typeof limit === 'number') {
      edits.push({ span, text: String(Math.max(1, limit - textChunks)) });
    }
  }
  return edits;
}
