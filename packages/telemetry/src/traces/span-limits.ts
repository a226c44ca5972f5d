/** How much of a span is kept, as OpenTelemetry's specification of limits has it. What is over is counted in the span. */
export interface SpanLimits {
  readonly attributes: number;
  /** Characters of a text, also of one in a list. */
  readonly valueLength: number;
  readonly events: number;
  readonly links: number;
  readonly attributesPerEvent: number;
  readonly attributesPerLink: number;
}
