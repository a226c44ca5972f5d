/** Statuses that always have a series of their own. */
const KNOWN_STATUSES: readonly string[] = ['healthy', 'degraded', 'down', 'unknown', 'maintenance'];

/** Where statuses go that have no series of their own. */
const OTHER_STATUS = 'other';

/** How many statuses beyond the known ones get a series of their own, for as long as the process lives. */
const MAX_FURTHER_STATUSES = 16;

const STATUS_SHAPE = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;

/**
 * Makes the function that turns a status into its label value. A health service with words of its own (`unhealthy`,
 * say) keeps them, the first 16 of them; every later or ill-formed one is `other`, so that no service, however
 * confused, makes more than 22 series over the life of the process.
 */
export function createStatusLabels(): (status: string) => string {
  const named = new Set([...KNOWN_STATUSES, OTHER_STATUS]);
  const limit = named.size + MAX_FURTHER_STATUSES;
  return (status) => {
    if (named.has(status)) return status;
    if (named.size >= limit || !STATUS_SHAPE.test(status)) return OTHER_STATUS;
    named.add(status);
    return status;
  };
}
