import { joinHeader } from './join-header.ts';

const MAX_MEMBERS = 64;
const MAX_LENGTH = 8192;
const OUTER_BLANKS = /^[\t ]+|[\t ]+$/g;
const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const VALUE = '[\\x21\\x23-\\x2b\\x2d-\\x3a\\x3c-\\x5b\\x5d-\\x7e]*';
const PAIR = new RegExp(`^${TOKEN}[\\t ]*=[\\t ]*${VALUE}$`);
const PROPERTY = new RegExp(`^${TOKEN}(?:[\\t ]*=[\\t ]*${VALUE})?$`);

/**
 * Reads a `baggage` header (W3C Baggage, section 3) as one text to be passed on. Members that break the grammar are
 * left out; '' where the header has more than 64 members or 8,192 characters, which are the limits up to which a
 * participant has to pass it on.
 */
export function readBaggage(header: unknown): string {
  const text = joinHeader(header);
  if (text === '' || text.length > MAX_LENGTH) return '';
  const members = text.split(',').map(trim);
  if (members.length > MAX_MEMBERS) return '';
  return members.filter(isMember).join(',');
}

function isMember(member: string): boolean {
  const [pair = '', ...properties] = member.split(';').map(trim);
  return PAIR.test(pair) && properties.every((property) => PROPERTY.test(property));
}

function trim(text: string): string {
  return text.replace(OUTER_BLANKS, '');
}
