#!lua flags=allow-oom
-- SPDX-License-Identifier: Apache-2.0
-- Is what this Redis holds the history that our data belongs to (store/redis_history.h)? KEYS[1] is a hash:
--   beat      counts up as long as anybody looks; replicas get it
--   instance  the same number, but written to this instance's own log only. A replica keeps that of its
--             last full resync: by the next beat it differs, and it still does after a promotion and after
--             restarts, when INFO shows no trace of either
--   id        the replication id at the last beat. It changes at each restart and when a first replica comes, too; but
--             only a promotion leaves a former one behind (master_replid2). That covers the moment after a
--             full resync, when both numbers are the same
--   at        ms since the epoch, of the last beat
--   closed    since somebody saw that it is another history, why; until it is accepted
--   since     ms since the epoch, of that
-- ARGV[1] is the highest beat that the caller has seen here: an older one means that an older state was
-- put back. ARGV[2] is the replication id whose history is accepted from now on, or ''. Returns why it is
-- closed ('': it is not; 'moved': not accepted, the id is another one), since when, the replication id, the beat, and the ms
-- between the last beat and now.
local BEAT_MS = 500

local info = redis.call('INFO', 'replication')
local id = string.match(info, 'master_replid:(%x+)')
local former = string.match(info, 'master_replid2:(%x+)')
local known, beat, instance, at, closed, since = unpack(redis.call('HMGET', KEYS[1], 'id', 'beat', 'instance', 'at',
	'closed', 'since'))
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(at or now)
local count = tonumber(beat or 0)
local seen = tonumber(ARGV[1])
local was_closed = closed

if ARGV[2] ~= '' then
	if ARGV[2] ~= id then
		return { 'moved', '0', id, tostring(count), '0' }
	end
	closed = false
elseif not closed then
	if known and known ~= id and string.find(former, '[^0]') then
		closed = 'promoted'
	elseif known and beat ~= instance then
		closed = 'other'
	elseif count < seen then
		closed = 'older'
	end
end
if closed ~= was_closed then
	since = string.format('%.0f', now)
end

local settled = ARGV[2] == '' and closed == was_closed and (closed or known == id)
if not settled or now - last >= BEAT_MS or now < last then
	local next = string.format('%.0f', math.max(count, seen) + 1)
	redis.call('HSET', KEYS[1], 'beat', next, 'at', string.format('%.0f', now))
	if closed then
		redis.call('HSET', KEYS[1], 'closed', closed, 'since', since)
	else
		redis.call('HSET', KEYS[1], 'id', id)
		redis.call('HDEL', KEYS[1], 'closed', 'since')
		redis.set_repl(redis.REPL_AOF)
		redis.call('HSET', KEYS[1], 'instance', next)
	end
	beat = next
end
return { closed or '', closed and since or '0', id, beat, string.format('%.0f', now - last) }
