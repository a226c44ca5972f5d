/** Lines of the Loki sink: `written` is the sum of the others, at every moment. */
export interface LokiCounts {
  readonly written: number;
  readonly delivered: number;
  /** There was no room in the queue. */
  readonly droppedFull: number;
  /** Loki would not have them. */
  readonly droppedRejected: number;
  /** Left when the logger was closed, or written after it. */
  readonly droppedClosed: number;
  readonly queued: number;
}
