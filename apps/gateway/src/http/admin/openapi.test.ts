import { type TemporaryFolder, temporaryFolder } from '@gatewayz/testkit';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { charge } from '../../ledger/ledger-stage.ts';
import { type AccountServer, startAccountServer } from './account-server.ts';

interface Operation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

let folder: TemporaryFolder;
let server: AccountServer;
let document: Document;
let routes: readonly string[];

beforeAll(async () => {
  folder = await temporaryFolder();
  const seen: string[] = [];
  server = await startAccountServer(folder.path, {
    addMore: (fastify) =>
      fastify.addHook('onRoute', ({ method, url }) => {
        if (method !== 'HEAD') seen.push(`${String(method)} ${url}`);
      }),
  });
  routes = seen;
  document = (await server.ask('GET', '/admin/openapi.json')).json;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder.dispose();
});

const operations = (): readonly (readonly [method: string, path: string, Operation])[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), path, operation] as const),
  );

const schemasOf = ({ parameters = [], requestBody, responses }: Operation): readonly object[] => [
  ...parameters.map(({ schema }) => schema),
  ...Object.values(requestBody?.content ?? {}).map(({ schema }) => schema),
  ...Object.values(responses).flatMap(({ content }) => Object.values(content).map(({ schema }) => schema)),
];

describe('the OpenAPI document', () => {
  test('describes every route of accounts and no other', () => {
    const described = operations().map(
      ([method, path]) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    );
    expect(described.sort()).toEqual(routes.filter((route) => !route.endsWith('/openapi.json')).sort());
    expect(document.openapi).toBe('3.1.0');
  });

  test('names each operation once, with all parameters of its path and a known security', () => {
    const ids = operations().map(([, , { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, path, { parameters = [], security }] of operations()) {
      const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
      expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      const schemes = security.flatMap((one) => Object.keys(one));
      expect(schemes).toHaveLength(1);
      expect(document.components.securitySchemes).toHaveProperty(schemes[0] ?? '');
    }
  });

  test('holds schemas of JSON Schema 2020-12 alone, whose references are there', () => {
    const ajv = new Ajv2020({ strict: true, validateFormats: false, allowUnionTypes: true });
    const all = [
      ...operations().flatMap(([, , one]) => schemasOf(one)),
      ...Object.values(document.components.schemas),
    ];
    expect(all.length).toBeGreaterThan(40);
    for (const schema of all) {
      if ('$ref' in schema) expect(schema.$ref).toBe('#/components/schemas/Error');
      else expect(() => ajv.compile(schema), JSON.stringify(schema)).not.toThrow();
    }
  });

  test('is true: real answers and refusals are as it says', async () => {
    const ajv = new Ajv2020({ strict: true, validateFormats: false, allowUnionTypes: true });
    const check = async (method: string, path: string, pattern: string, body?: object, token?: string) => {
      const reply = await server.ask(method, path, body, token);
      const operation = document.paths[pattern]?.[method.toLowerCase()];
      expect(operation, pattern).toBeDefined();
      const described = operation?.responses[reply.status]?.content['application/json']?.schema;
      const isValid = ajv.compile(described ?? document.components.schemas.Error ?? {});
      expect([isValid(reply.json), isValid.errors, pattern]).toEqual([true, null, pattern]);
      return [reply.status, reply.json] as const;
    };
    const ok = async (...call: Parameters<typeof check>) => {
      const [status, json] = await check(...call);
      expect(status).toBeLessThan(300);
      return json;
    };
    await ok('POST', '/admin/users', '/admin/users', { id: 'ann' });
    expect(await check('POST', '/admin/users', '/admin/users', { id: 'ann' })).toMatchObject([409, {}]);
    expect(await check('POST', '/admin/users', '/admin/users', { id: '' })).toMatchObject([400, {}]);
    await ok('PATCH', '/admin/users/ann', '/admin/users/{id}', { name: 'Ann' });
    await ok('GET', '/admin/users/ann', '/admin/users/{id}');
    await ok('GET', '/admin/users', '/admin/users');
    await ok('POST', '/admin/users/ann/credits', '/admin/users/{id}/credits', { amount_micro: 5 });
    const key = await ok('POST', '/admin/keys', '/admin/keys', { user_id: 'ann', name: 'x', models: ['m'] });
    await server.stage.ledger.settle(charge('r', { keyId: key.id }));
    await ok('GET', '/admin/keys', '/admin/keys');
    await ok('GET', `/admin/keys/${key.id}`, '/admin/keys/{id}');
    await ok('PATCH', `/admin/keys/${key.id}`, '/admin/keys/{id}', { expires_at: '2027-01-01T00:00:00Z' });
    await ok('GET', '/v1/usage?group_by=day,key,provider,model', '/v1/usage', undefined, key.token);
    await ok('GET', '/admin/usage?group_by=day,user', '/admin/usage');
    await ok('POST', `/admin/keys/${key.id}/revoke`, '/admin/keys/{id}/revoke');
    expect(await check('GET', '/v1/usage', '/v1/usage', undefined, key.token)).toMatchObject([401, {}]);
    const plan = { name: 'P', plan_type: 'p', billing_cycle: 'once', price_micro_usd: 0, credits_micro: 0 };
    await ok('POST', '/admin/plans', '/admin/plans', { id: 'p', ...plan });
    await ok('GET', '/admin/plans', '/admin/plans');
    const begun = await ok('POST', '/admin/subscriptions', '/admin/subscriptions', {
      user_id: 'ann',
      plan_id: 'p',
    });
    await ok('GET', '/admin/subscriptions', '/admin/subscriptions');
    await ok('GET', `/admin/subscriptions/${begun.id}`, '/admin/subscriptions/{id}');
    await ok('POST', `/admin/subscriptions/${begun.id}/cancel`, '/admin/subscriptions/{id}/cancel');
    const ends = { ends_at: '2026-03-01T00:00:00Z' };
    const trial = await ok('POST', '/admin/trials', '/admin/trials', { user_id: 'ann', ...ends });
    await ok('GET', '/admin/trials', '/admin/trials');
    await ok('POST', `/admin/trials/${trial.id}/end`, '/admin/trials/{id}/end', { status: 'cancelled' });
  });
});
