/** Deletes a lock only while it is the caller's: KEYS lock; ARGV token. Gives 1 where it was. */
export const RELEASE_SCRIPT: string = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`;

/**
 * Keeps a verdict and gives it the next place in the order of all verdicts.
 * KEYS: hash of verdicts, their order, their ends; ARGV: target, JSON, ms to keep, ms to keep all at the most.
 * Places are microseconds of Redis's clock, so that they go on rising when Redis has lost everything.
 */
export const PUT_VERDICT_SCRIPT: string = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local ended = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', string.format('%.0f', nowMs), 'LIMIT', 0, 100)
if #ended > 0 then
  redis.call('HDEL', KEYS[1], unpack(ended))
  redis.call('ZREM', KEYS[2], unpack(ended))
  redis.call('ZREM', KEYS[3], unpack(ended))
end
local place = time[1] * 1000000 + time[2]
local last = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2]
if last and tonumber(last) >= place then place = tonumber(last) + 1 end
local endMs = string.format('%.0f', nowMs + ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], endMs .. ' ' .. ARGV[2])
redis.call('ZADD', KEYS[2], string.format('%.0f', place), ARGV[1])
redis.call('ZADD', KEYS[3], endMs, ARGV[1])
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[4]) end
return 1
`;

/**
 * Reads verdicts in their order: KEYS hash of verdicts, their order; ARGV: the place after which to begin, how many.
 * Gives the last place, Redis's time in ms, the targets, and for each "<end in ms> <JSON>". Writes nothing, so that
 * a read-only replica can answer.
 */
export const READ_VERDICTS_SCRIPT: string = `
local time = redis.call('TIME')
local nowMs = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local found = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
if #found == 0 then return { ARGV[1], nowMs, {}, {} } end
local targets = {}
for index = 1, #found, 2 do targets[#targets + 1] = found[index] end
return { found[#found], nowMs, targets, redis.call('HMGET', KEYS[1], unpack(targets)) }
`;
