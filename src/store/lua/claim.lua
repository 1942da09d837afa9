#!lua
-- SPDX-License-Identifier: Apache-2.0
-- Leases what is due (struct store_claim of service/ports.h): moves each item to the end of its lease
-- and returns its record. KEYS are lists, the first the most urgent, whose members are names of
-- records with the same hash tag. ARGV[1] is how many at most, ARGV[2] the lease in ms, ARGV[3] the
-- not-after in ms since the epoch: later nobody waits for what would be leased. ARGV[3 + i] is how many
-- at most of list i. Returns name, record and the score it had, for each; items without a record
-- are dropped.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease_end = string.format('%.0f', now + tonumber(ARGV[2]))
local left = tonumber(ARGV[1])
local out = {}

if now > tonumber(ARGV[3]) then
	return out
end
for k, list in ipairs(KEYS) do
	if left <= 0 then
		break
	end
	local most = math.min(left, tonumber(ARGV[3 + k]))
	local due = redis.call('ZRANGE', list, '-inf', string.format('%.0f', now), 'BYSCORE',
		'LIMIT', 0, most, 'WITHSCORES')
	for i = 1, #due, 2 do
		local value = redis.call('GET', due[i])
		if value then
			redis.call('ZADD', list, 'XX', lease_end, due[i])
			out[#out + 1] = due[i]
			out[#out + 1] = value
			out[#out + 1] = due[i + 1]
			left = left - 1
		else
			redis.call('ZREM', list, due[i])
		end
	end
end
return out
