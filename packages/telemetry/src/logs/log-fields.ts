/** What a field may hold; anything else that gets there at run time is described in bounded text. */
export type FieldValue = string | number | bigint | boolean | Date | Error | null | undefined;

/** Names that never have a place in a line, as the compiler can see them. */
type ForbiddenName =
  | 'authorization'
  | 'apiKey'
  | 'api_key'
  | 'x-api-key'
  | 'cookie'
  | 'token'
  | 'password'
  | 'secret'
  | 'messages'
  | 'prompt'
  | 'completion'
  | 'content'
  | 'input'
  | 'body';

/** Flat fields of a line. Names of secrets and of bodies do not compile, and are `[redacted]` at run time. */
export type LogFields = { readonly [name: string]: FieldValue } & {
  readonly [name in ForbiddenName]?: never;
};

/** Fields that are safe to print: known names, masked and cut values. */
export type SafeFields = Readonly<Record<string, string | number | boolean | null>>;
