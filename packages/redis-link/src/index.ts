export {
  createRedisInfoWatch,
  type RedisInfo,
  type RedisInfoWatch,
  type RedisInfoWatchOptions,
  readRedisInfo,
} from './redis-info.ts';
export {
  createRedisLink,
  type RedisAnswer,
  type RedisClient,
  type RedisEvent,
  type RedisLink,
  type RedisLinkOptions,
  type RedisStatus,
} from './redis-link.ts';
export { createRedisOutages, type RedisOutages, type RedisOutagesOptions } from './redis-outages.ts';
