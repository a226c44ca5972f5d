// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of the files that are read here
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import { PRESETS } from './presets.ts';
import { readConfig } from './read-config.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatewayz-config-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

type Read = ReturnType<typeof readConfig>;

function read(text: string, environment: Record<string, string> = {}): Read {
  const path = join(folder, 'config.yaml');
  writeFileSync(path, text);
  return readConfig({ GATEWAYZ_CONFIG: path, ...environment });
}

/** What is wrong with a file: place → message. */
function problems(text: string, environment: Record<string, string> = {}): Record<string, string> {
  try {
    read(text, environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return Object.fromEntries(error.problems.map(({ path, message }) => [path, message]));
  }
  throw new Error('the file was accepted');
}

function messageOf(text: string, environment: Record<string, string> = {}): string {
  try {
    read(text, environment);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the file was accepted');
}

const EXAMPLE = `
server: { host: 127.0.0.1, port: 8000 }
auth: { mode: keys, keys: ["\${GATEWAYZ_KEY}"] }     # or mode: open, allowed on loopback only
providers:
  primary:   { baseUrl: "http://127.0.0.1:9001/v1", apiKey: "\${PRIMARY_KEY}", models: [small, large] }
  spare:     { baseUrl: "http://127.0.0.1:9002/v1", capabilities: { assistantPrefill: true } }
  openrouter: { apiKey: "\${OPENROUTER_API_KEY}" }    # a preset: the base URL is known
models:                                              # optional: a name clients may ask for → targets, in order
  chat: { targets: [ { provider: primary, model: large }, { provider: spare, model: large } ] }
routing: { strategy: priority }                      # priority | health | latency | cost
retries: { attempts: 2, budgetRatio: 0.2 }
timeouts: { connectMs: 3000, firstTokenMs: 30000, idleMs: 15000, totalMs: 600000 }
`;
const EXAMPLE_ENVIRONMENT = {
  GATEWAYZ_KEY: 'client-key',
  PRIMARY_KEY: 'primary-key',
  OPENROUTER_API_KEY: 'or-key',
};

describe('the documented example', () => {
  test('is read with every key in its place', () => {
    const { config, secrets } = read(EXAMPLE, EXAMPLE_ENVIRONMENT);
    expect(config).toMatchObject({
      server: { host: '127.0.0.1', port: 8000 },
      auth: 'keys',
      providers: [
        { name: 'primary', baseUrl: 'http://127.0.0.1:9001/v1', models: ['small', 'large'], resells: false },
        { name: 'spare', models: null, capabilities: { assistantPrefill: true, streamUsage: true } },
        { name: 'openrouter', baseUrl: 'https://openrouter.ai/api/v1', resells: true },
      ],
      models: [
        {
          name: 'chat',
          targets: [
            { provider: 'primary', model: 'large' },
            { provider: 'spare', model: 'large' },
          ],
        },
      ],
      retries: { attempts: 2, budgetRatio: 0.2 },
      timeouts: { connectMs: 3000, firstTokenMs: 30_000, idleMs: 15_000, totalMs: 600_000 },
    });
    expect(secrets.clientKeys).toEqual(['client-key']);
    expect([...secrets.providerKeys]).toEqual([
      ['primary', 'primary-key'],
      ['openrouter', 'or-key'],
    ]);
  });

  test('gives plain answers four times as long as the first token of a stream', () => {
    expect(read(EXAMPLE, EXAMPLE_ENVIRONMENT).config.timeouts.answerMs).toBe(120_000);
    expect(read('timeouts: { firstTokenMs: 10 }').config.timeouts.answerMs).toBe(40);
    expect(read('timeouts: { firstTokenMs: 10, answerMs: 15 }').config.timeouts.answerMs).toBe(15);
  });

  test('is frozen to its depths', () => {
    const { config } = read(EXAMPLE, EXAMPLE_ENVIRONMENT);
    const thawed: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (value === null || typeof value !== 'object') return;
      if (!Object.isFrozen(value)) thawed.push(path);
      for (const [key, item] of Object.entries(value)) visit(item, `${path}.${key}`);
    };
    visit(config, 'config');
    expect(thawed).toEqual([]);
    expect(() => {
      (config.server as { port: number }).port = 1;
    }).toThrow(TypeError);
  });

  test('holds none of the secrets', () => {
    const text = JSON.stringify(read(EXAMPLE, EXAMPLE_ENVIRONMENT).config);
    for (const secret of Object.values(EXAMPLE_ENVIRONMENT)) expect(text).not.toContain(secret);
  });
});

describe('the environment', () => {
  test('is enough: without a file the defaults hold', () => {
    const { config, secrets } = readConfig({ GATEWAYZ_KEY: 'k', METRICS_TOKEN: 't', APP_NAME: 'shop' });
    expect(config).toMatchObject({
      appName: 'shop',
      server: { host: '127.0.0.1', port: 8000 },
      providers: [],
    });
    expect(secrets).toMatchObject({ clientKeys: ['k'], metricsToken: 't' });
  });

  test('says host and port above the file', () => {
    const { config } = read('server: { host: 127.0.0.1, port: 8000 }', { HOST: '0.0.0.0', PORT: '0' });
    expect(config.server).toMatchObject({ host: '0.0.0.0', port: 0 });
  });

  test('that is set to nothing is as if it were not set', () => {
    const { config, secrets } = read('server: { port: 81 }', {
      HOST: '',
      PORT: '',
      APP_NAME: '',
      METRICS_TOKEN: '',
    });
    expect(config).toMatchObject({ appName: 'gatewayz', server: { host: '127.0.0.1', port: 81 } });
    expect(secrets.metricsToken).toBeNull();
  });

  test.each(['-1', '65536', '80a', '1.5', 'http', '1e3', '0x50', ' 80'])(
    'with the port %s is refused',
    (port) => {
      expect(problems('', { PORT: port })).toEqual({
        PORT: `expected a port from 0 to 65535, received ${port}`,
      });
    },
  );

  test('says how many processes share the port', () => {
    expect(read('').config.workers).toBe(1);
    expect(read('', { GATEWAYZ_WORKERS: '' }).config.workers).toBe(1);
    expect(read('', { GATEWAYZ_WORKERS: '4' }).config.workers).toBe(4);
  });

  test.each(['0', '65', '-1', '1.5', 'auto', '1e1', '0x4', ' 4'])('with %s workers is refused', (workers) => {
    expect(problems('', { GATEWAYZ_WORKERS: workers })).toEqual({
      GATEWAYZ_WORKERS: `expected a whole number from 1 to 64, received ${workers}`,
    });
  });

  test.each(Object.entries(PRESETS))('switches %s on by its key', (name, { baseUrl, resells }) => {
    const { config, secrets } = read('', { [`${name.toUpperCase()}_API_KEY`]: 'key' });
    expect(config.providers).toMatchObject([{ name, baseUrl, resells, models: null }]);
    expect(secrets.providerKeys.get(name)).toBe('key');
  });

  test('gives a provider of the file its key, which the file can override', () => {
    const file = 'providers: { my-own: { baseUrl: "http://127.0.0.1:1/v1" } }';
    expect(read(file, { MY_OWN_API_KEY: 'a' }).secrets.providerKeys.get('my-own')).toBe('a');
    const override = 'providers: { groq: { apiKey: from-file } }';
    expect(read(override, { GROQ_API_KEY: 'a' }).secrets.providerKeys.get('groq')).toBe('from-file');
  });

  test('lends client keys only where the file names none', () => {
    const file = 'auth: { mode: keys, keys: [a, b] }';
    expect(read(file, { GATEWAYZ_KEY: 'c' }).secrets.clientKeys).toEqual(['a', 'b']);
  });
});

describe('what is wrong', () => {
  test('is listed all at once, with place, expectation and what was received', () => {
    const file = `
server: { port: 70000, hots: x }
providers:
  mine: { apiKey: abc }
  other: { baseUrl: "ftp://x", models: [] }
models:
  chat: { targets: [ { provider: nobody, model: m } ] }
routing: { strategy: fastest }
retries: { attempts: many }
surprise: 1
`;
    const found = problems(file, { PORT: 'x' });
    expect(Object.keys(found).sort()).toEqual([
      '',
      'PORT',
      'models.chat.targets[0].provider',
      'providers.mine.baseUrl',
      'providers.other.baseUrl',
      'providers.other.models',
      'retries.attempts',
      'routing.strategy',
      'server',
      'server.port',
    ]);
    expect(found['']).toContain('"surprise"');
    expect(found.server).toContain('"hots"');
    expect(found['server.port']).toMatch(/65535.*received 70000/);
    expect(found['retries.attempts']).toMatch(/number.*received "many"/);
    expect(messageOf(file, { PORT: 'x' })).toMatch(
      /^10 problems in the configuration \(.*config\.yaml\):\n {2}/,
    );
  });

  test('is a variable that is not set, told once', () => {
    expect(problems('providers: { groq: { apiKey: "${NO_SUCH_KEY}" } }')).toEqual({
      'providers.groq.apiKey': 'the environment variable NO_SUCH_KEY is not set',
    });
  });

  test.each(['server', 'auth', 'providers.p', 'models.m', 'routing', 'retries', 'timeouts', 'limits'])(
    'is an unknown key in %s',
    (place) => {
      const content: Record<string, unknown> = {};
      let inner = content;
      for (const key of place.split('.')) {
        inner[key] = {};
        inner = inner[key] as Record<string, unknown>;
      }
      inner.nonsense = 1;
      if (place === 'auth') inner.mode = 'open';
      expect(problems(JSON.stringify(content))[place]).toContain('unknown key "nonsense"');
    },
  );

  test.each(['key\n', 'key\r', 'a key', 'kéy', 'key\0'])(
    'is a provider key that no header can carry: %j',
    (key) => {
      expect(problems('', { GROQ_API_KEY: key })).toEqual({
        'providers.groq.apiKey': 'holds a character that no header can carry',
      });
    },
  );

  test('is a file that was named and is not there', () => {
    expect(() => readConfig({ GATEWAYZ_CONFIG: join(folder, 'none.yaml') })).toThrow(
      /GATEWAYZ_CONFIG: cannot read .*none\.yaml \(ENOENT\)/,
    );
  });

  test.each([
    ['a: [1', 'broken syntax'],
    ['server: {}\nserver: {}', 'a key twice'],
    ['server: *nothing', 'an alias of nothing'],
    [`a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(50)}]\nc: [${'*b,'.repeat(50)}]`, 'too many aliases'],
    ['- 1', 'a list'],
    ['hello', 'a text'],
  ])('is a file with %j: %s', (text) => {
    expect(messageOf(text)).toMatch(/^\d+ problems? in the configuration/);
  });

  test.each(['0.0.0.0', '::', '192.168.1.1', 'example.com', '127.0.0.1.example.com'])(
    'is an open gateway on %s',
    (host) => {
      expect(problems('auth: { mode: open }', { HOST: host })['auth.mode']).toContain(host);
    },
  );

  test.each(['127.0.0.1', '127.8.9.1', '::1', 'localhost'])('is no open gateway on %s', (host) => {
    expect(read('auth: { mode: open }', { HOST: host }).config.auth).toBe('open');
  });
});

describe('secrets', () => {
  const canary = 'sk-canary-5f3a';

  test.each([
    ['a provider that is nothing but its key', `providers: { groq: ${canary} }`],
    ['providers as a list', `providers: [ { name: groq, apiKey: ${canary} } ]`],
    [
      'a provider with a bad name',
      `providers: { "bad name": { baseUrl: "http://a/v1", apiKey: ${canary} } }`,
    ],
    ['a key that is a list', `providers: { groq: { apiKey: [${canary}] } }`],
    ['a header that is no text', `providers: { groq: { headers: { "x-key": [${canary}] } } }`],
    ['headers with a bad name', `providers: { groq: { headers: { "x key": ${canary} } } }`],
    ['headers that are a text', `providers: { groq: { headers: ${canary} } }`],
    ['authentication that is nothing but a key', `auth: ${canary}`],
    ['authentication as a list', `auth: [ { mode: keys, keys: [${canary}] } ]`],
    ['a mode that is a key', `auth: { mode: ${canary} }`],
    ['keys that are a text', `auth: { mode: keys, keys: ${canary} }`],
    ['keys in a map', `auth: { mode: keys, keys: { a: ${canary} } }`],
    ['a base URL with credentials', `providers: { a: { baseUrl: "https://user:${canary}@host/v1" } }`],
    ['a base URL with a key in its query', `providers: { a: { baseUrl: "https://host/v1?key=${canary}" } }`],
    ['a key where a base URL belongs', `providers: { a: { baseUrl: ${canary} } }`],
    ['a whole file that is a list', `[ { providers: { groq: { apiKey: ${canary} } } } ]`],
    [
      'an anchor of a key that is not there',
      `providers: { groq: { apiKey: ${canary}, models: *${canary} } }`,
    ],
  ])('are in no message: %s', (_, text) => {
    expect(messageOf(text)).not.toContain(canary);
  });

  test('are in no message where a key is a number', () => {
    expect(messageOf('providers: { groq: { apiKey: 4815162342 } }')).not.toContain('4815162342');
  });

  test('are in no message where they come from the environment', () => {
    const message = messageOf('providers: { groq: "${GROQ_API_KEY}" }\nauth: "${GATEWAYZ_KEY}"', {
      GROQ_API_KEY: canary,
      GATEWAYZ_KEY: `${canary}-client`,
    });
    expect(message).not.toContain(canary);
  });
});

test('names of things that every object has are names like others', () => {
  const { config }: { config: Config } = read(
    'providers: { constructor: { baseUrl: "http://127.0.0.1:1/v1" } }\nmodels: { toString: { targets: [{ provider: constructor, model: m }] } }',
  );
  expect(config.providers.map(({ name }) => name)).toEqual(['constructor']);
  expect(problems('providers: { constructor: {} }')).toEqual({
    'providers.constructor.baseUrl': 'required: no preset has this name',
  });
});
