import type { SpanAttributes } from './finished-span.ts';

/**
 * Attributes that many spans have alike, such as where a provider is. Made once and kept, they are encoded once, and
 * copied into each span that names them.
 */
export class SharedAttributes {
  readonly values: SpanAttributes;

  constructor(values: SpanAttributes) {
    this.values = Object.freeze({ ...values });
  }
}
