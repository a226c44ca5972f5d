import { type Answer, knownOf } from './answer.ts';
import { type SummaryField, summaryFields } from './summary-fields.ts';

type SummaryGroup = Readonly<Record<string, number | null>>;

/** The body of `GET /prometheus/metrics/summary`; a number that is not known is null. */
export interface SummaryPage {
  /** ISO 8601: the moment of the answer's samples. */
  readonly timestamp: string;
  readonly source: 'prometheus' | 'local';
  readonly age_seconds: number;
  readonly partial: boolean;
  readonly metrics: Readonly<Record<SummaryField['group'], SummaryGroup>>;
}

/** The name under which a field of the summary is asked for. */
export function questionNameOf({ group, field }: SummaryField): string {
  return `${group}.${field}`;
}

/** Makes the page; `epochMs` is now, in milliseconds since 1970. */
export function toSummary(answer: Answer, ageSeconds: number, epochMs: number): SummaryPage {
  const group = (name: SummaryField['group']): SummaryGroup =>
    Object.fromEntries(
      summaryFields
        .filter((field) => field.group === name)
        .map((field) => [field.field, toNumber(field, answer)]),
    );
  return {
    timestamp: new Date(epochMs - ageSeconds * 1000).toISOString(),
    source: answer.source,
    age_seconds: ageSeconds,
    partial: answer.isPartial,
    metrics: {
      http: group('http'),
      models: group('models'),
      providers: group('providers'),
      database: group('database'),
      business: group('business'),
    },
  };
}

function toNumber(field: SummaryField, answer: Answer): number | null {
  const value = knownOf(answer, questionNameOf(field))[0]?.value;
  // Six significant digits hide what sums of floats leave behind; totals stay whole.
  return value === undefined ? null : toSignificant(value * field.scale);
}

function toSignificant(value: number): number {
  return Number.isInteger(value) || Math.abs(value) >= 1e6 ? value : Number(value.toPrecision(6));
}
