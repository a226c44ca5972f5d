import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMask } from './mask-secrets.ts';

const CANARY = 'c4n4ryS3cr3tV4lu3';

describe('the mask', () => {
  it.each([
    `sk-${CANARY}`,
    `sk-proj-${CANARY}`,
    `gz-${CANARY}`,
    `gsk_${CANARY}`,
    `Bearer ${CANARY}`,
    `bearer  ${CANARY}`,
    `Basic ${CANARY}==`,
    `authorization: Bearer ${CANARY}`,
    `Proxy-Authorization: ${CANARY}`,
    `{"api_key":"${CANARY}"}`,
    `{\\"apiKey\\": \\"${CANARY}\\"}`,
    `x-api-key=${CANARY}`,
    `https://host/path?key=${CANARY}&model=a`,
    `https://host/path?key=value${CANARY}`,
    `https://host/path?key=value.${CANARY}`,
    `https://host/path?model=a&access_token=${CANARY}`,
    `https://user:${CANARY}@host/`,
    `postgres://user:p@${CANARY}@host/`,
    `redis://:${CANARY}@host`,
    `Set-Cookie: session=${CANARY}; Path=/`,
    `cookie: a=b; session=${CANARY}`,
    `password="${CANARY}"`,
    `client_secret: ${CANARY}`,
    `AIza${CANARY}xyz`,
    `eyJhbGciOiJIUzI1NiJ9.${CANARY}.sig`,
    `Incorrect API key provided: sk-${CANARY}. You can find yours at https://example.com`,
  ])('hides the secret of %s', (text) => {
    expect(createMask()(`before ${text} after`)).not.toContain(CANARY);
  });

  it.each([
    'Request processed',
    'openrouter/meta-llama/llama-3.3-70b-instruct',
    'max_tokens=100 prompt_tokens: 12',
    'b2f1c1de-8f0c-4a5e-9f5e-0a8b6b0a9f11',
    'connect ECONNREFUSED 127.0.0.1:9001',
    'risk-assessment-of-a-task',
    'http://127.0.0.1:9001/v1/chat/completions?stream=true',
    'the monkey=banana and the turkey=dinner',
    'OTEL_EXPORTER_OTLP_HEADERS must be key=value pairs, percent-encoded, with commas between; none is used',
    "Expected format: key=value. The ',' and '=' characters must be percent-encoded in keys and values.",
    'pass it as key=value',
  ])('leaves %s as it is', (text) => {
    expect(createMask()(text)).toBe(text);
  });

  it('hides configured secrets of any shape, encoded too, and the longer of two first', () => {
    const mask = createMask(['p4$$ w/rd"q', 'plainword', 'plainword-longer']);
    const encoded = encodeURIComponent('p4$$ w/rd"q');
    const inBase64 = Buffer.from('plainword').toString('base64');
    expect(mask(`a p4$$ w/rd"q b ${encoded} c {"k":"p4$$ w/rd\\"q"} ${inBase64}`)).toBe(
      'a [redacted] b [redacted] c {"k":"[redacted]"} [redacted]',
    );
    expect(mask('plainword-longer')).toBe('[redacted]');
  });

  it('does not look for secrets so short that they are in ordinary words', () => {
    expect(createMask(['the', ''])('the other')).toBe('the other');
  });

  it('finds a configured secret wherever it stands', () => {
    const mask = createMask([CANARY]);
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(mask(`${before}${CANARY}${after}`)).not.toContain(CANARY);
      }),
    );
  });
});
