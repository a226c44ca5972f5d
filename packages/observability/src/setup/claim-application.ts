const claimed: unique symbol = Symbol.for('gatewayz.observability') as never;

/**
 * Throws an Error where the application, or what it was made from, is observed already; the mark is on the application
 * itself, so that a second copy of this package sees it too.
 */
export function requireUnclaimed(application: object): void {
  if (claimed in application) {
    throw new Error(
      'setupPrometheusRoutes was called twice for the same application: keep the handle of the first call',
    );
  }
}

/** Marks an application as observed. */
export function claimApplication(application: object): void {
  Object.defineProperty(application, claimed, { value: true });
}
