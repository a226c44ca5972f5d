/**
 * Notes how a breaker stands, for all replicas. KEYS: hash of breakers, whose field '' is its version; ARGV: breaker,
 * what to note, ms that it holds, ms to keep it after that. An entry is the end in Redis's milliseconds, a space, and
 * what was noted; entries that are over are removed. Versions go on rising when Redis has lost everything.
 */
export const PUT_BREAKER_SCRIPT: string = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local all = redis.call('HGETALL', KEYS[1])
for index = 1, #all, 2 do
  local endMs = tonumber(string.match(all[index + 1], '^%d+'))
  if all[index] ~= '' and endMs and endMs + ARGV[4] < nowMs then redis.call('HDEL', KEYS[1], all[index]) end
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', nowMs + ARGV[3]) .. ' ' .. ARGV[2])
local version = tonumber(redis.call('HGET', KEYS[1], '') or '0')
redis.call('HSET', KEYS[1], '', string.format('%.0f', math.max(version + 1, time[1] * 1000000 + time[2])))
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), ARGV[3] + 2 * ARGV[4]))
return 1
`;

/**
 * Reads how breakers stand. KEYS: as above; ARGV: the version that is known. Gives the version and, where it is
 * another one, Redis's time in ms and the hash.
 */
export const READ_BREAKERS_SCRIPT: string = `
local version = redis.call('HGET', KEYS[1], '') or ''
if version == ARGV[1] then return {version} end
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
return {version, string.format('%.0f', nowMs), redis.call('HGETALL', KEYS[1])}
`;
