/** Something that is wrong with a dashboard. */
export interface DashboardProblem {
  readonly rule: string;
  /** The title of the panel, or what else of the dashboard it is. */
  readonly place: string;
  readonly message: string;
}

/** What a rule finds, without its name. */
export type Finding = Omit<DashboardProblem, 'rule'>;
