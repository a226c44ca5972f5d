const MATCHER =
  '\\s*[a-zA-Z_][a-zA-Z0-9_]*\\s*(?:=~|!~|!=|=)\\s*"(?:[^"\\\\\\n]|\\\\[\\\\"n.+*?()|\\[\\]{}^$dwsDWS])*"\\s*';
const SELECTOR = new RegExp(`^${MATCHER}(?:,${MATCHER})*$`);

/** Checks matchers as they stand between the braces of a PromQL selector; throws a TypeError for anything else. */
export function readSelector(text: string): string {
  const selector = text.trim();
  if (selector !== '' && !SELECTOR.test(selector)) {
    throw new TypeError(
      `a selector is a list of matchers such as env="production",region=~"eu-.*", not ${selector}`,
    );
  }
  return selector;
}
