#!lua
-- SPDX-License-Identifier: Apache-2.0
-- One commit (struct store_commit of service/ports.h): changes all of it or nothing. It decides only
-- this: was it done before, is it too late, are the versions as expected, is there room.
--
-- KEYS[i] is the record or list of op i. ARGV[1] is the not-after in ms since the epoch; then five
-- follow for each op, the first its kind:
--   P  from, value, lifetime in ms, cap     put; the value begins with its version
--   C  from, -, -, -                        check
--   D  from, -, -, -                        delete
--   A  member, score, lifetime in ms, cap   add to a list, or move in it
--   B  member, score, lifetime in ms, cap   the same; at the cap the oldest goes
--   R  member, -, -, -                      remove from a list
-- A lifetime of 0 is for ever. Items that are older than the lifetime of their list go when one is added.
--
-- The first line makes Redis refuse the whole script, not a command inside it, when it is out of
-- memory, read-only or cannot persist.
local DONE, CONFLICT, LATE, FULL = 0, 1, 2, 3
local VERSION = 16
local ABSENT = string.rep('\0', VERSION)

local n = #KEYS
local here = {}		-- versions of records as they are now
local placed = {}	-- PUTs that an earlier delivery of this commit has done
local puts, done = 0, 0

for i = 1, n do
	local a = 5 * i - 3
	local kind = ARGV[a]
	if kind == 'P' or kind == 'C' or kind == 'D' then
		local v = redis.call('GETRANGE', KEYS[i], 0, VERSION - 1)
		here[i] = v .. string.sub(ABSENT, #v + 1)	-- of what is damaged there may be less
		if kind == 'P' then
			puts = puts + 1
			if here[i] == string.sub(ARGV[a + 2], 1, VERSION) then
				placed[i] = true
				done = done + 1
			end
		end
	end
end
-- Before the time: a repeat writes nothing, and that it was done in time stays true.
if puts > 0 and done == puts then
	return DONE
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[1]) then
	return LATE
end

for i = 1, n do
	if here[i] and not placed[i] and here[i] ~= ARGV[5 * i - 2] then
		return CONFLICT
	end
end

-- Items of a list with this lifetime are too old at this score and below.
local function too_old(lifetime)
	return lifetime == '0' and -math.huge or now - tonumber(lifetime)
end

-- Plain digits; Lua's own conversion would round long numbers.
local function text(number)
	return number == -math.huge and '-inf' or string.format('%.0f', number)
end

local more = {}		-- items that this commit adds to each list
for i = 1, n do
	local a = 5 * i - 3
	if ARGV[a] == 'P' and #ARGV[a + 2] > tonumber(ARGV[a + 4]) then
		return FULL
	elseif ARGV[a] == 'A' then
		local key, old = KEYS[i], too_old(ARGV[a + 3])
		local score = redis.call('ZSCORE', key, ARGV[a + 1])
		if not score or tonumber(score) <= old then
			more[key] = (more[key] or 0) + 1
			local live = redis.call('ZCOUNT', key, '(' .. text(old), '+inf')
			if live + more[key] > tonumber(ARGV[a + 4]) then
				return FULL
			end
		end
	end
end

for i = 1, n do
	local a = 5 * i - 3
	local kind, key = ARGV[a], KEYS[i]
	if kind == 'P' then
		if placed[i] then
			-- as it should be
		elseif ARGV[a + 3] == '0' then
			redis.call('SET', key, ARGV[a + 2])
		else
			redis.call('SET', key, ARGV[a + 2], 'PX', ARGV[a + 3])
		end
	elseif kind == 'D' then
		redis.call('DEL', key)
	elseif kind == 'A' or kind == 'B' then
		local lifetime = ARGV[a + 3]
		if lifetime ~= '0' then
			redis.call('ZREMRANGEBYSCORE', key, '-inf', text(too_old(lifetime)))
		end
		redis.call('ZADD', key, ARGV[a + 2], ARGV[a + 1])
		if kind == 'B' then
			redis.call('ZREMRANGEBYRANK', key, 0, -1 - tonumber(ARGV[a + 4]))
		end
		if lifetime ~= '0' then
			redis.call('PEXPIRE', key, lifetime)
		end
	elseif kind == 'R' then
		redis.call('ZREM', key, ARGV[a + 1])
	end
end
return DONE
