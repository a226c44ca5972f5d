import type { KnownCaller } from '../accounts/caller-check.ts';
import { ApiError } from '../http/api-error.ts';
import { extraRefusal } from './refusals.ts';

/**
 * Fields that can ask for what a price for tokens does not cover: another tier of service, searches, tools that the
 * provider runs itself, and answers that are no text.
 */
export const EXTRA_FIELDS = [
  'service_tier',
  'plugins',
  'web_search_options',
  'search_parameters',
  'tools',
  'modalities',
] as const;
type ExtraField = (typeof EXTRA_FIELDS)[number];

/** What a provider does anyway where the field is missing: `on_demand` is Groq's word for it. */
const USUAL_TIERS: ReadonlySet<unknown> = new Set(['auto', 'default', 'on_demand']);
/** Tools that the client itself runs. */
const CLIENT_TOOLS: ReadonlySet<unknown> = new Set(['function', 'custom']);

/** The first field of a body that asks for something beside tokens that a provider may charge for; null without one. */
export function findPaidExtra(body: Readonly<Record<string, unknown>>): ExtraField | null {
  for (const field of EXTRA_FIELDS) {
    const value = body[field];
    if (value !== undefined && value !== null && isPaidExtra(field, value)) return field;
  }
  return null;
}

/** Throws where a request that a user pays for asks for something that has no price. */
export function refusePaidExtras(body: Readonly<Record<string, unknown>>, caller: KnownCaller | null): void {
  if (caller === null || caller.key === null) return;
  const field = findPaidExtra(body);
  if (field !== null) throw new ApiError(extraRefusal(field));
}

function isPaidExtra(field: ExtraField, value: unknown): boolean {
  switch (field) {
    case 'service_tier':
      return !USUAL_TIERS.has(value);
    case 'plugins':
      return !(Array.isArray(value) && value.length === 0);
    case 'web_search_options':
    case 'search_parameters':
      return true;
    case 'tools':
      return !toList(value).every(isClientTool);
    case 'modalities':
      return !toList(value).every((one) => one === 'text');
    default:
      return field satisfies never;
  }
}

/** What is no list a provider may still take for one of a single entry. */
function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isClientTool(tool: unknown): boolean {
  if (tool === null || typeof tool !== 'object') return false;
  const { type, function: declared } = tool as { readonly type?: unknown; readonly function?: unknown };
  return CLIENT_TOOLS.has(type) || (type === undefined && declared !== undefined);
}
