import type { ModelConfig, ModelListsConfig } from '@gatewayz/config';
import { isModelName } from '@gatewayz/config';
import { fetchModelList } from '@gatewayz/provider-client';
import type { Provider, Target } from './provider.ts';

/** A name that a client may ask for, with the targets that serve it, best first. */
export interface Route {
  /** Bounded: a name of the catalogue, or `other`. */
  readonly label: string;
  readonly targets: readonly Target[];
  /** Whether a stream that breaks off may be continued on another target. */
  readonly continuation: boolean;
}

/** What is known of a model's name. */
export type Resolution =
  | { readonly kind: 'route'; readonly route: Route }
  /** No list names it, and every list is there. */
  | { readonly kind: 'unknown' }
  /** No list names it so far, but these providers' lists have not been had yet. */
  | { readonly kind: 'not_yet'; readonly waitingFor: readonly string[] };

/** Which models there are, and who serves them. */
export interface Catalogue {
  resolve(model: string): Resolution;
  /** Every name that clients may ask for, with the names of the providers that serve it. */
  list(): readonly { readonly id: string; readonly providers: readonly string[] }[];
  /** Starts to fetch and refresh providers' own lists; returns at once. */
  start(): void;
  stop(): void;
}

const OTHER_ROUTE = 'other';

/**
 * Creates the catalogue from configured models and providers' lists. A list that cannot be had leaves the last
 * good one in place; `onListError` hears of it.
 */
export function createCatalogue(
  providers: readonly Provider[],
  models: readonly ModelConfig[],
  timing: ModelListsConfig,
  onListError: (provider: string, error: unknown) => void,
): Catalogue {
  const byName = new Map(providers.map((provider) => [provider.name, provider]));
  const lists = new Map<string, readonly string[]>();
  const timers = new Map<string, NodeJS.Timeout>();
  const configured = new Map<string, Route>();
  let listed = new Map<string, Route>();
  let stopped = false;

  for (const { name, targets, continuation } of models) {
    const resolved = targets.map((target) => byName.get(target.provider)?.target(target.model));
    const known = resolved.filter((target) => target !== undefined);
    configured.set(name, { label: name, targets: known, continuation });
  }
  for (const provider of providers) {
    if (provider.config.models !== null) lists.set(provider.name, provider.config.models);
  }
  relist();

  function relist(): void {
    const targets = new Map<string, Target[]>();
    for (const provider of providers) {
      for (const model of lists.get(provider.name) ?? []) {
        const serving = targets.get(model);
        if (serving === undefined) targets.set(model, [provider.target(model)]);
        else serving.push(provider.target(model));
      }
    }
    listed = new Map(
      [...targets].map(([label, serving]) => [label, { label, targets: serving, continuation: true }]),
    );
  }

  async function refresh(provider: Provider): Promise<void> {
    let waitMs = timing.refreshMs;
    try {
      const list = await fetchModelList(provider);
      if (stopped) return;
      lists.set(provider.name, list);
      relist();
    } catch (error) {
      if (stopped) return;
      waitMs = timing.retryMs;
      onListError(provider.name, error);
    }
    timers.set(provider.name, setTimeout(() => void refresh(provider), waitMs).unref());
  }

  return {
    resolve(model) {
      const route = configured.get(model) ?? pickOutright(model, byName, listed) ?? listed.get(model);
      if (route !== undefined) return { kind: 'route', route };
      const waitingFor = providers.filter((provider) => !lists.has(provider.name)).map(({ name }) => name);
      return waitingFor.length > 0 ? { kind: 'not_yet', waitingFor } : { kind: 'unknown' };
    },
    list: () =>
      [...new Map([...listed, ...configured])].map(([id, route]) => ({
        id,
        providers: route.targets.map((target) => target.provider.name),
      })),
    start() {
      for (const provider of providers) if (provider.config.models === null) void refresh(provider);
    },
    stop() {
      stopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

/** `provider/model`, where the first part is a provider: that provider and no other, listed or not. */
function pickOutright(
  name: string,
  providers: ReadonlyMap<string, Provider>,
  listed: ReadonlyMap<string, Route>,
): Route | undefined {
  const slash = name.indexOf('/');
  if (slash <= 0 || slash === name.length - 1) return undefined;
  const provider = providers.get(name.slice(0, slash));
  const model = name.slice(slash + 1);
  // The name goes back to the client in a header, where not every character may stand.
  if (provider === undefined || !isModelName(model)) return undefined;
  const isListed = listed.get(model)?.targets.some((target) => target.provider === provider) ?? false;
  return isListed
    ? { label: model, targets: [provider.target(model)], continuation: true }
    : { label: OTHER_ROUTE, targets: [provider.unlistedTarget(model)], continuation: true };
}
