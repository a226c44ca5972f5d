import type { InferenceRequest } from './inference-request.ts';
import type { Span } from './scan-body.ts';

const USAGE_FIELD = Buffer.from('"stream_options":{"include_usage":true}');

/**
 * The body that a provider gets: the client's own bytes, with another model name where the target has one and,
 * where `addUsage` is set, with a usage chunk asked for. Everything else stays as it came.
 */
export function toProviderBody(request: InferenceRequest, model: string, addUsage: boolean): Buffer {
  const { body, layout } = request;
  const modelSpan = request.model === model ? null : layout.model;
  if (modelSpan === null && !addUsage) return body;

  const edits: { readonly span: Span; readonly bytes: Buffer }[] = [];
  if (modelSpan !== null) edits.push({ span: modelSpan, bytes: Buffer.from(JSON.stringify(model)) });
  if (addUsage) edits.push(usageEdit(request));
  edits.sort((a, b) => a.span.start - b.span.start);

  const parts: Buffer[] = [];
  let from = 0;
  for (const edit of edits) {
    parts.push(body.subarray(from, edit.span.start), edit.bytes);
    from = edit.span.end;
  }
  parts.push(body.subarray(from));
  return Buffer.concat(parts);
}

function usageEdit(request: InferenceRequest): { span: Span; bytes: Buffer } {
  const { insertAt, isEmpty, streamOptions } = request.layout;
  if (streamOptions === null) {
    const separator = isEmpty ? '' : ',';
    return { span: { start: insertAt, end: insertAt }, bytes: Buffer.from(`${USAGE_FIELD}${separator}`) };
  }
  const options = { ...(request.parsed.stream_options as object | null), include_usage: true };
  return { span: streamOptions, bytes: Buffer.from(JSON.stringify(options)) };
}
