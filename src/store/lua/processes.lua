#!lua
-- SPDX-License-Identifier: Apache-2.0
-- How many processes work on this Redis. KEYS[1] has their names by when each was heard of last (ms since the epoch).
-- ARGV[1] is the caller's, ARGV[2] the ms for which a name counts.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - tonumber(ARGV[2])))
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
