import { describe, expect, it } from 'vitest';
import { acceptsGzip, negotiateFormat } from './content-negotiation.ts';

const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

describe('negotiateFormat', () => {
  it.each<[string | undefined, 'text' | 'openmetrics']>([
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/plain', 'text'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'text'],
    ['application/*', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['APPLICATION/OpenMetrics-Text; Version="1.0.0"; charset=utf-8', 'openmetrics'],
    ['application/openmetrics-text; version=0.0.1', 'openmetrics'],
    ['application/openmetrics-text; version=2.0.0', 'text'],
    [
      'application/openmetrics-text; version=2.0.0, application/openmetrics-text; version=1.0.0',
      'openmetrics',
    ],
    ['application/openmetrics-text; q=0', 'text'],
    ['application/openmetrics-text; q=nonsense', 'text'],
    ['application/openmetrics-text;q=0.3, text/plain;q=0.5', 'text'],
    ['application/openmetrics-text;q=0.5, text/*;q=0.6', 'text'],
    ['application/openmetrics-text, text/plain', 'openmetrics'],
    ['text/plain;q=0.1, application/openmetrics-text;q=0.2, */*', 'openmetrics'],
    [PROMETHEUS, 'openmetrics'],
    [',;,=;q', 'text'],
  ])('answers %s with %s', (accept, format) => {
    expect(negotiateFormat(accept)).toBe(format);
  });
});

describe('acceptsGzip', () => {
  it.each<[string | undefined, boolean]>([
    [undefined, false],
    ['', false],
    ['gzip', true],
    ['deflate, GZIP;q=0.5', true],
    ['x-gzip', true],
    ['gzip;q=0', false],
    ['gzip;q=0, *', false],
    ['*', true],
    ['*;q=0', false],
    ['identity, br', false],
  ])('reads %s as %s', (acceptEncoding, isAccepted) => {
    expect(acceptsGzip(acceptEncoding)).toBe(isAccepted);
  });
});
