import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Catalogue, createCatalogue, type Resolution } from './catalogue.ts';
import type { Provider, Target } from './provider.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Answer = readonly string[] | Error;

/** A provider with these models, or with one that answers each call for its list with the next of `answers`. */
function providerNamed(name: string, models: readonly string[] | null, answers: Answer[] = []): Provider {
  const provider = {
    name,
    config: { name, models },
    basePath: '/v1',
    headers: [],
    pool: {
      request() {
        const answer = answers.shift() ?? new Error('no more answers');
        if (answer instanceof Error) return Promise.reject(answer);
        const body = JSON.stringify({ data: answer.map((id) => ({ id })) });
        return Promise.resolve({ statusCode: 200, body: Readable.from([Buffer.from(body)]) });
      },
    },
  };
  const own = provider as unknown as Provider & { target: unknown; unlistedTarget: unknown };
  own.target = own.unlistedTarget = (model: string): Target =>
    ({ provider: own, model }) as unknown as Target;
  return own;
}

const timing = { refreshMs: 10_000, retryMs: 1000 };
const failures: string[] = [];

function catalogueOf(
  providers: readonly Provider[],
  models: Record<string, readonly string[]> = {},
): Catalogue {
  failures.length = 0;
  const configured = Object.entries(models).map(([name, targets]) => ({
    name,
    continuation: true,
    targets: targets.map((target) => {
      const [provider = '', model = ''] = target.split(' ');
      return { provider, model };
    }),
  }));
  return createCatalogue(providers, configured, timing, (provider) => failures.push(provider));
}

/** A route as `label: provider model, …`, or what is known instead. */
function describeRoute(resolution: Resolution): string {
  switch (resolution.kind) {
    case 'route': {
      const { label, targets } = resolution.route;
      return `${label}: ${targets.map((target) => `${target.provider.name} ${target.model}`).join(', ')}`;
    }
    case 'unknown':
      return 'unknown';
    case 'not_yet':
      return `waits for ${resolution.waitingFor.join(', ')}`;
    default:
      return resolution satisfies never;
  }
}

describe('finding the targets of a model', () => {
  const providers = [
    providerNamed('first', ['small', 'large', 'vendor/model']),
    providerNamed('second', ['large', 'small']),
    providerNamed('third', ['large']),
  ];

  test.each([
    ['large', 'large: first large, second large, third large'],
    ['small', 'small: first small, second small'],
    ['vendor/model', 'vendor/model: first vendor/model'],
    ['second/large', 'large: second large'],
    ['third/unlisted', 'other: third unlisted'],
    ['first/vendor/model', 'vendor/model: first vendor/model'],
    ['nobody/large', 'unknown'],
    ['first/', 'unknown'],
    ['first/a\r\nx: y', 'unknown'],
    ['first/日本', 'unknown'],
    [`first/${'m'.repeat(257)}`, 'unknown'],
    ['/large', 'unknown'],
    ['none', 'unknown'],
    ['', 'unknown'],
    ['constructor', 'unknown'],
    ['__proto__', 'unknown'],
  ])('%j is %s', (model, route) => {
    expect(describeRoute(catalogueOf(providers).resolve(model))).toBe(route);
  });

  test('a configured name has its targets in the order of the file, before any list', () => {
    const catalogue = catalogueOf(providers, {
      chat: ['third large', 'first small'],
      large: ['second large'],
    });
    expect(describeRoute(catalogue.resolve('chat'))).toBe('chat: third large, first small');
    expect(describeRoute(catalogue.resolve('large'))).toBe('large: second large');
    expect(describeRoute(catalogue.resolve('first/large'))).toBe('large: first large');
  });

  test('a configured name may be called like a model at a provider', () => {
    const catalogue = catalogueOf(providers, { 'first/large': ['third large'] });
    expect(describeRoute(catalogue.resolve('first/large'))).toBe('first/large: third large');
  });

  test('every name is listed once, with those who serve it', () => {
    const catalogue = catalogueOf(providers, { chat: ['third large'], small: ['second small'] });
    expect(catalogue.list()).toEqual([
      { id: 'small', providers: ['second'] },
      { id: 'large', providers: ['first', 'second', 'third'] },
      { id: 'vendor/model', providers: ['first'] },
      { id: 'chat', providers: ['third'] },
    ]);
  });
});

describe("providers' own lists", () => {
  test('are asked for at the start; until one is there, no name is called unknown', async () => {
    const catalogue = catalogueOf([
      providerNamed('fixed', ['small']),
      providerNamed('asked', null, [['large']]),
      providerNamed('dead', null, []),
    ]);
    expect(describeRoute(catalogue.resolve('large'))).toBe('waits for asked, dead');
    expect(describeRoute(catalogue.resolve('small'))).toBe('small: fixed small');
    catalogue.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(describeRoute(catalogue.resolve('large'))).toBe('large: asked large');
    expect(describeRoute(catalogue.resolve('none'))).toBe('waits for dead');
    expect(failures).toEqual(['dead']);
    catalogue.stop();
  });

  test('that could not be had are asked for again sooner than others', async () => {
    const catalogue = catalogueOf([providerNamed('asked', null, [new Error('down'), ['large']])]);
    catalogue.start();
    await vi.advanceTimersByTimeAsync(timing.retryMs - 1);
    expect(describeRoute(catalogue.resolve('large'))).toBe('waits for asked');
    await vi.advanceTimersByTimeAsync(1);
    expect(describeRoute(catalogue.resolve('large'))).toBe('large: asked large');
    expect(describeRoute(catalogue.resolve('none'))).toBe('unknown');
    catalogue.stop();
  });

  test('are refreshed: what is new comes, what is gone goes', async () => {
    const catalogue = catalogueOf([
      providerNamed('asked', null, [
        ['old', 'kept'],
        ['kept', 'new'],
      ]),
    ]);
    catalogue.start();
    await vi.advanceTimersByTimeAsync(timing.refreshMs);
    expect(catalogue.list().map(({ id }) => id)).toEqual(['kept', 'new']);
    expect(describeRoute(catalogue.resolve('old'))).toBe('unknown');
    catalogue.stop();
  });

  test('stay as they were where a refresh fails', async () => {
    const catalogue = catalogueOf([
      providerNamed('asked', null, [['large'], new Error('down'), ['large', 'new']]),
    ]);
    catalogue.start();
    await vi.advanceTimersByTimeAsync(timing.refreshMs);
    expect(failures).toEqual(['asked']);
    expect(describeRoute(catalogue.resolve('large'))).toBe('large: asked large');
    await vi.advanceTimersByTimeAsync(timing.retryMs);
    expect(describeRoute(catalogue.resolve('new'))).toBe('new: asked new');
    catalogue.stop();
  });

  test('are not asked for any more once the catalogue is stopped', async () => {
    const answers: Answer[] = [['large'], ['other']];
    const catalogue = catalogueOf([providerNamed('asked', null, answers)]);
    catalogue.start();
    await vi.advanceTimersByTimeAsync(0);
    catalogue.stop();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(10 * timing.refreshMs);
    expect(answers).toHaveLength(1);
  });

  test('that arrive after the stop start nothing', async () => {
    const catalogue = catalogueOf([providerNamed('asked', null, [['large']])]);
    catalogue.start();
    catalogue.stop();
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
