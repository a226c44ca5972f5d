const NOW = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * A Redis that is out of memory lets a script that has begun by removing go on to add, so that places are kept all the
 * same: they are few and small.
 */
const REMOVE_ENDED = `redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', nowMs))`;

/**
 * Takes a place among the requests that a key has under way. KEYS: sorted set of leases by their end; ARGV: lease,
 * places, ms to keep it, and any leases that have ended. Gives 1 where there was a place.
 */
export const TAKE_SCRIPT: string = `${NOW}
${REMOVE_ENDED}
for index = 4, #ARGV do redis.call('ZREM', KEYS[1], ARGV[index]) end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], string.format('%.0f', nowMs + ARGV[3]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`;

/**
 * Keeps the leases of requests under way, also such as Redis has lost. KEYS: as above; ARGV: ms to keep them, how
 * many of the others have ended, those, and the ones to keep.
 */
export const RENEW_SCRIPT: string = `${NOW}
${REMOVE_ENDED}
local ended = tonumber(ARGV[2])
for index = 3, 2 + ended do redis.call('ZREM', KEYS[1], ARGV[index]) end
local endMs = string.format('%.0f', nowMs + ARGV[1])
for index = 3 + ended, #ARGV do redis.call('ZADD', KEYS[1], endMs, ARGV[index]) end
if #ARGV > 2 + ended then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1
`;
