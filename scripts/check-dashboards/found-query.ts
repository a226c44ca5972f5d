/** A query of Prometheus in a dashboard, with where it stands. */
export interface FoundQuery {
  readonly panel: string;
  /** `A`, `B`, … of a panel; what it is of otherwise: `variable`, `annotation`. */
  readonly name: string;
  readonly expression: string;
}

/** The default of a variable, for where a text needs one; null where any value will do. */
export type VariableValues = ReadonlyMap<string, string | null>;

/** What of a dashboard's file is of interest. */
export interface ReadDashboard {
  readonly title: string;
  readonly queries: readonly FoundQuery[];
  /** The variables, and for each the value that stands for it outside of label values. */
  readonly variables: VariableValues;
  /** How many queries are of other data sources. */
  readonly others: number;
  /** What cannot be checked from the file alone. */
  readonly notes: readonly string[];
}

/** A file that is no dashboard. */
export class DashboardFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DashboardFileError';
  }
}
