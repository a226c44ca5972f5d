import { joinHeader } from './join-header.ts';

const MAX_MEMBERS = 32;
const MAX_LENGTH = 512;
const LONG_MEMBER = 128;
const MAX_HEADER_LENGTH = 65_536;
const MEMBER =
  /^[a-z\d][a-z\d_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const OUTER_BLANKS = /^[\t ]+|[\t ]+$/g;

/**
 * Reads a `tracestate` header (W3C Trace Context, section 3.3) as one opaque text to be passed on, or '' where it has
 * more than 32 members, a member that breaks the grammar, or a key twice. What is longer than 512 characters loses whole
 * members: first those of more than 128 characters, then from the end.
 */
export function readTracestate(header: unknown): string {
  const text = joinHeader(header);
  if (text === '' || text.length > MAX_HEADER_LENGTH) return '';
  const members = text
    .split(',')
    .map((member) => member.replace(OUTER_BLANKS, ''))
    .filter((member) => member !== '');
  if (members.length > MAX_MEMBERS || !members.every((member) => MEMBER.test(member))) return '';
  if (new Set(members.map((member) => member.slice(0, member.indexOf('=')))).size < members.length) return '';
  return shorten(members);
}

function shorten(members: readonly string[]): string {
  const whole = members.join(',');
  if (whole.length <= MAX_LENGTH) return whole;
  const kept = members.filter((member) => member.length <= LONG_MEMBER);
  while (kept.join(',').length > MAX_LENGTH) kept.pop();
  return kept.join(',');
}
