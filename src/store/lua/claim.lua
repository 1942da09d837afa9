#!lua
-- SPDX-License-Identifier: Apache-2.0
-- Leases what is due (struct store_claim of service/ports.h): moves each item to the end of its lease
-- and returns its record. KEYS[1] is the list, whose members are names of records with the same hash
-- tag. ARGV[1] is how many at most, ARGV[2] the lease in ms. Returns name, record and the score it
-- had, for each; items without a record are dropped.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = redis.call('ZRANGE', KEYS[1], '-inf', string.format('%.0f', now), 'BYSCORE',
	'LIMIT', 0, ARGV[1], 'WITHSCORES')
local lease_end = string.format('%.0f', now + tonumber(ARGV[2]))
local out = {}

for i = 1, #due, 2 do
	local value = redis.call('GET', due[i])
	if value then
		redis.call('ZADD', KEYS[1], 'XX', lease_end, due[i])
		out[#out + 1] = due[i]
		out[#out + 1] = value
		out[#out + 1] = due[i + 1]
	else
		redis.call('ZREM', KEYS[1], due[i])
	end
end
return out
