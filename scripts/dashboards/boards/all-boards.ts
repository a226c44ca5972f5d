import type { DashboardSpec } from '../build/panel-spec.ts';
import { healthService } from './health-service.ts';
import { infrastructure } from './infrastructure.ts';
import { logs } from './logs.ts';
import { models } from './models.ts';
import { money } from './money.ts';
import { overview } from './overview.ts';
import { providers } from './providers.ts';
import { streaming } from './streaming.ts';
import { tracesBoard } from './traces.ts';

/** Every dashboard, in the order of the docs. */
export const allBoards: readonly DashboardSpec[] = [
  overview,
  providers,
  models,
  healthService,
  money,
  streaming,
  infrastructure,
  logs,
  tracesBoard,
];
