import type { Price } from '@gatewayz/config';
import type { ProbeBudget, ProbeCost } from '../core/probe-budget.ts';
import { type FreeCheck, type ProbePlanSettings, planProbe, type TrafficSample } from '../core/probe-plan.ts';
import { isProviderKey, targetId } from '../core/target-key.ts';
import type { ProbeKind, ProbeResult, TargetKey } from '../core/types.ts';
import { type CompletionProbe, probeCompletion, type TokenLimitField } from './probe-completion.ts';
import type { ProbeGate } from './probe-gate.ts';
import { type ModelsProbe, probeModels } from './probe-models.ts';
import { actualCost, highestCost } from './probe-spending.ts';
import type { ProbedProvider } from './probed-provider.ts';

/**
 * What became of a target that was due. `rest`: nothing is said of it. `postponed`: a bound was reached, or the
 * probe must be sent in another form. `needs_list`: its provider has to be asked first.
 */
export type TargetProbe =
  | { readonly kind: 'result'; readonly result: ProbeResult; readonly models: readonly string[] | null }
  | { readonly kind: 'rest' }
  | { readonly kind: 'postponed' }
  | { readonly kind: 'needs_list' };

export interface TargetProberOptions {
  readonly plan: ProbePlanSettings;
  readonly timeoutMs: number;
  /** Whether anything may be asked for that costs money. */
  readonly completions: boolean;
  readonly budget: ProbeBudget;
  readonly trafficOf: (key: TargetKey) => TrafficSample | null;
  /** True for a model that the configuration names: its absence from a list proves nothing. */
  readonly isNamed: (key: TargetKey) => boolean;
  readonly onSpent: (provider: string, day: string, cost: ProbeCost) => Promise<void>;
}

/** Probes one target at a time in the cheapest way that tells something. */
export class TargetProber {
  readonly #options: TargetProberOptions;
  readonly #checks = new Map<string, FreeCheck & { readonly models: ReadonlySet<string> | null }>();
  readonly #limitFields = new Map<string, TokenLimitField>();
  /** The reading of live traffic that each target was judged by last: none proves anything twice. */
  readonly #usedTraffic = new Map<string, number>();

  constructor(options: TargetProberOptions) {
    this.#options = options;
  }

  /** Takes over how a provider's free check ended, here or at another replica. */
  noteCheck(result: ProbeResult, models: readonly string[] | null): void {
    const { outcome, atEpochMs, latencyMs } = result;
    const names = models === null ? null : new Set(models);
    this.#checks.set(result.key.provider, { outcome, atEpochMs, latencyMs, isListed: null, models: names });
  }

  forget(key: TargetKey): void {
    const id = targetId(key);
    this.#limitFields.delete(id);
    this.#usedTraffic.delete(id);
  }

  async probe(
    key: TargetKey,
    provider: ProbedProvider,
    gate: ProbeGate,
    stop: AbortSignal,
  ): Promise<TargetProbe> {
    if (isProviderKey(key)) return this.#probeProvider(key, provider, gate, stop);
    const price = provider.config.prices[key.model] ?? null;
    const { budget, plan: settings } = this.#options;
    const nowEpochMs = Date.now();
    const canAfford =
      this.#options.completions && budget.canAfford(key.provider, highestCost(price), nowEpochMs);
    const traffic = this.#options.trafficOf(key);
    const freeCheck = this.#checkOf(key);
    const plan = planProbe({ key, nowEpochMs, traffic, freeCheck, canAfford }, settings);
    switch (plan.kind) {
      case 'known':
        return this.#isUsed(plan.result) ? { kind: 'rest' } : { ...plan, kind: 'result', models: null };
      case 'free_check':
        return { kind: 'needs_list' };
      case 'rest':
        return { kind: 'rest' };
      case 'completion':
        return this.#complete(key, provider, gate, { price, maxTokens: plan.maxTokens, stop });
      default:
        return plan satisfies never;
    }
  }

  async #probeProvider(
    key: TargetKey,
    provider: ProbedProvider,
    gate: ProbeGate,
    stop: AbortSignal,
  ): Promise<TargetProbe> {
    if (!gate.takeRequest(performance.now())) return { kind: 'postponed' };
    const atEpochMs = Date.now();
    const probe = await probeModels(provider, this.#options.timeoutMs, stop);
    return { kind: 'result', result: toResult(key, 'models', probe, atEpochMs), models: probe.models };
  }

  async #complete(
    key: TargetKey,
    provider: ProbedProvider,
    gate: ProbeGate,
    ask: { readonly price: Price | null; readonly maxTokens: number; readonly stop: AbortSignal },
  ): Promise<TargetProbe> {
    const { budget, timeoutMs } = this.#options;
    const { price, maxTokens, stop } = ask;
    const atEpochMs = Date.now();
    const held = budget.reserve(key.provider, highestCost(price), atEpochMs);
    if (held === null) return { kind: 'postponed' };
    if (!gate.takeRequest(performance.now())) {
      budget.release(held);
      return { kind: 'postponed' };
    }
    const id = targetId(key);
    const limitField = this.#limitFields.get(id) ?? 'max_tokens';
    const probe = await probeCompletion(provider, {
      model: key.model,
      maxTokens,
      limitField,
      timeoutMs,
      stop,
    });
    const cost = actualCost(probe, price);
    budget.settle(held, cost);
    await this.#options.onSpent(key.provider, held.day, cost);
    if (probe.wants !== null && !this.#limitFields.has(id)) {
      this.#limitFields.set(id, probe.wants);
      return { kind: 'postponed' };
    }
    return { kind: 'result', result: toResult(key, 'completion', probe, atEpochMs), models: null };
  }

  #checkOf(key: TargetKey): FreeCheck | null {
    const check = this.#checks.get(key.provider);
    if (check === undefined) return null;
    const { models, ...rest } = check;
    const isListed = models?.has(key.model) ?? null;
    return { ...rest, isListed: isListed === false && this.#options.isNamed(key) ? null : isListed };
  }

  #isUsed({ key, kind, atEpochMs }: ProbeResult): boolean {
    if (kind !== 'traffic') return false;
    const id = targetId(key);
    const isUsed = this.#usedTraffic.get(id) === atEpochMs;
    this.#usedTraffic.set(id, atEpochMs);
    return isUsed;
  }
}

// A result is dated by its end: a probe that hung proves something of the moment when it was given up.
function toResult(
  key: TargetKey,
  kind: ProbeKind,
  probe: ModelsProbe | CompletionProbe,
  startEpochMs: number,
): ProbeResult {
  return {
    key,
    kind,
    outcome: probe.outcome,
    latencyMs: probe.latencyMs,
    atEpochMs: Math.round(startEpochMs + probe.latencyMs),
    ...(probe.requestId === null ? {} : { requestId: probe.requestId }),
    ...(probe.detail === null ? {} : { detail: probe.detail }),
  };
}
