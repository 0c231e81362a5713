"""The sliding minute in Redis: what `minute.py` does, as scripts that Redis runs whole or not at all.

Time is Redis's own, one clock for all nodes, and never goes back: a step back of its clock is made up for by `ahead`.
All keys share one hash tag, so that a script finds them on one node of a cluster. A counter's keys:

    <prefix>m:<name>   hash: n newest second, R and T totals, r<i> and t<i> requests and tokens of second s, i = s % 61
    <prefix>c:<name>   sorted set: requests that run, by the second in which their worker must have confirmed them again
"""

from typing import Final

CLOCK: Final = """
local function clock(key)
    local seen = redis.call('HMGET', key, 'last', 'ahead')
    local last, ahead = tonumber(seen[1] or 0), tonumber(seen[2] or 0)
    local second = tonumber(redis.call('TIME')[1]) + ahead
    if second < last then
        ahead = ahead + last - second
        second = last
        redis.call('HSET', key, 'ahead', ahead)
    elseif second > last then
        redis.call('HSET', key, 'last', second)
        redis.call('EXPIRE', key, 3600)
    end
    return second
end
"""

ADMIT: Final = (
    CLOCK
    + """
local BUCKETS = 61

local function advance(key, second)
    local state = redis.call('HMGET', key, 'n', 'R', 'T')
    if not state[1] then return 0, 0 end
    local newest, requests, tokens = tonumber(state[1]), tonumber(state[2] or 0), tonumber(state[3] or 0)
    if second <= newest then return requests, tokens end
    if second - newest >= BUCKETS then
        redis.call('DEL', key)
        return 0, 0
    end
    local fields = {}
    for passed = newest + 1, second do
        fields[#fields + 1] = 'r' .. passed % BUCKETS
        fields[#fields + 1] = 't' .. passed % BUCKETS
    end
    local gone = redis.call('HMGET', key, unpack(fields))
    for i = 1, #fields, 2 do
        requests = requests - tonumber(gone[i] or 0)
        tokens = tokens - tonumber(gone[i + 1] or 0)
    end
    redis.call('HDEL', key, unpack(fields))
    redis.call('HSET', key, 'n', second, 'R', requests, 'T', tokens)
    return requests, tokens
end

local function wait(key, kind, second, excess)
    local fields = {}
    for age = BUCKETS - 1, 0, -1 do fields[#fields + 1] = kind .. (second - age) % BUCKETS end
    local counted = redis.call('HMGET', key, unpack(fields))
    for i = 1, BUCKETS do
        excess = excess - tonumber(counted[i] or 0)
        if excess <= 0 then return i end
    end
    return BUCKETS
end

-- KEYS: clock, then minute and running of each counter.
-- ARGV: name of this request, seconds until it must be confirmed, then of each counter: limit of requests, of tokens,
-- of requests at once (-1: none), tokens needed.
local second = clock(KEYS[1])
local answer = {1, second}
local longest, refused = 0, nil
for i = 2, #KEYS, 2 do
    local minute, running, at = KEYS[i], KEYS[i + 1], 3 + (i - 2) * 2
    local per_minute, tokens_per_minute = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
    local at_once, needed = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
    local requests, tokens = advance(minute, second)
    local function refuse(what, seconds)
        if seconds > longest then longest, refused = seconds, {0, i / 2, what, seconds} end
    end
    if at_once >= 0 then
        redis.call('ZREMRANGEBYSCORE', running, '-inf', second)
        if redis.call('ZCARD', running) >= at_once then refuse('concurrency', 1) end
    end
    if per_minute >= 0 and requests + 1 > per_minute then
        refuse('requests', wait(minute, 'r', second, requests + 1 - per_minute))
    end
    if tokens_per_minute >= 0 and tokens + needed > tokens_per_minute then
        refuse('tokens', wait(minute, 't', second, tokens + needed - tokens_per_minute))
    end
    answer[#answer + 1] = requests + 1
    answer[#answer + 1] = tokens + needed
end
if refused then return refused end
for i = 2, #KEYS, 2 do
    local minute, running, at = KEYS[i], KEYS[i + 1], 3 + (i - 2) * 2
    local needed, slot = tonumber(ARGV[at + 3]), second % BUCKETS
    redis.call('HSET', minute, 'n', second)
    redis.call('HINCRBY', minute, 'R', 1)
    redis.call('HINCRBY', minute, 'r' .. slot, 1)
    if needed > 0 then
        redis.call('HINCRBY', minute, 'T', needed)
        redis.call('HINCRBY', minute, 't' .. slot, needed)
    end
    redis.call('EXPIRE', minute, 120)
    if tonumber(ARGV[at + 2]) >= 0 then
        redis.call('ZADD', running, second + tonumber(ARGV[2]), ARGV[1])
        redis.call('EXPIRE', running, 120)
    end
end
return answer
"""
)
"""Counts a request in all counters or in none: {1, second, requests, tokens, ...} or {0, counter, what, seconds}."""

FINISH: Final = """
-- KEYS: minute and running of each counter. ARGV: name of the request, second it was counted in, then of each counter
-- by how much its tokens change.
local second = tonumber(ARGV[2])
for i = 1, #KEYS, 2 do
    local difference = tonumber(ARGV[2 + (i + 1) / 2])
    local newest = redis.call('HGET', KEYS[i], 'n')
    if difference ~= 0 and newest and tonumber(newest) - second < 61 then
        redis.call('HINCRBY', KEYS[i], 't' .. second % 61, difference)
        redis.call('HINCRBY', KEYS[i], 'T', difference)
    end
    redis.call('ZREM', KEYS[i + 1], ARGV[1])
end
return 1
"""
"""Lets go of a request and corrects its tokens, if their second is still counted."""

CONFIRM: Final = (
    CLOCK
    + """
-- KEYS: clock, then the running set of each request. ARGV: seconds until the next confirmation, then each request.
local second = clock(KEYS[1])
for i = 2, #KEYS do
    redis.call('ZADD', KEYS[i], second + tonumber(ARGV[1]), ARGV[i])
    redis.call('EXPIRE', KEYS[i], 120)
end
return second
"""
)
"""Says that requests still run; brings back what Redis has forgotten."""
