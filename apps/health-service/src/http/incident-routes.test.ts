import { expect, test } from 'vitest';
import type { HealthViews } from '../monitor/health-views.ts';
import type { HealthStore, IncidentQuery } from '../store/health-store.ts';
import { addIncidentRoutes } from './incident-routes.ts';
import { createServer } from './server.ts';

async function ask(query: string): Promise<{ status: number; asked: IncidentQuery | null; body: string }> {
  let asked: IncidentQuery | null = null;
  const server = createServer(() => {});
  addIncidentRoutes(server, {
    store: {
      incidents: async (wanted: IncidentQuery) => {
        asked = wanted;
        return [];
      },
    } as Partial<HealthStore> as HealthStore,
    views: {} as HealthViews,
    adminToken: null,
    active: { active: () => [], get: () => null },
    acknowledge: () => null,
  });
  const { statusCode, body } = await server.inject(`/incidents${query}`);
  await server.close();
  return { status: statusCode, asked, body };
}

test('incidents that were absorbed into a wider one are listed only where they are asked for', async () => {
  expect((await ask('')).asked).toEqual({ limit: 50, absorbed: false });
  expect((await ask('?absorbed=false&status=resolved')).asked).toMatchObject({ absorbed: false });
  expect((await ask('?absorbed=true')).asked).toMatchObject({ absorbed: true });
  const refused = await ask('?absorbed=1');
  expect(refused).toMatchObject({ status: 400, asked: null });
  expect(refused.body).toContain('absorbed: ');
});
