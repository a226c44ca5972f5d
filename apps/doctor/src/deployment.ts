import type { Ask } from './ask.ts';
import type { Place } from './place.ts';

/** Who keeps the health service that the gateway polls. */
export type HealthServiceSettings =
  | { readonly kind: 'elsewhere'; readonly place: Place }
  /** In the gateway's own process, on a port of its own choice. */
  | { readonly kind: 'embedded' }
  | { readonly kind: 'none' };

/** What the doctor was told of the deployment; null where there is none to look at. */
export interface Settings {
  readonly gateway: Place;
  /** `/metrics` of the gateway, with its token. */
  readonly metrics: Place;
  readonly healthService: HealthServiceSettings;
  readonly pollIntervalMs: number;
  readonly prometheus: Place | null;
  /** A label matcher that the gateway's series have, where its Prometheus has those of others as well. */
  readonly prometheusSelector: string | null;
  /** Its base URL. */
  readonly loki: Place | null;
  /** Where traces are posted to. */
  readonly otlpTraces: Place | null;
  /** Texts that no answer may show. */
  readonly secrets: readonly string[];
}

/** A deployment as one check sees it: what is known of it, and a way to ask it within the check's deadline. */
export interface Deployment extends Settings {
  readonly ask: Ask;
}
