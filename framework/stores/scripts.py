"""The Lua scripts of the store in Redis: each is one atomic step on one key, so that they run in a cluster as well.

The state of quotas is one value for each key: for each quota a flat array ``{first, last, count, first, …}`` of the
steps of its window (:mod:`framework.stores.quotas`), packed as MessagePack. Times are microseconds of the server's
clock. If the clock was set back, a step in the future is treated as made now.
"""

__all__ = ("DELETE", "INCREMENT", "REFUND", "REPLACE", "RESERVE")

INCREMENT = """
local new = redis.call('EXISTS', KEYS[1]) == 0
redis.call('INCRBY', KEYS[1], ARGV[1])
if new and ARGV[2] ~= '' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return redis.call('GET', KEYS[1])
"""

REPLACE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if ARGV[3] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1
"""

DELETE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
"""

# The beginning of the other two scripts: the time, and the stored windows. A value that no script has written is
# treated as missing.
_READ = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local ahead = false

local function steps_of(stored, length)
  local steps, used = {}, 0
  for i = 1, #stored, 3 do
    local first, last, count = stored[i], stored[i + 1], stored[i + 2]
    if last > now then
      first, last, ahead = now, now, true
    end
    if last > now - length then
      steps[#steps + 1], steps[#steps + 2], steps[#steps + 3] = first, last, count
      used = used + count
    end
  end
  return steps, used
end

local function read(lengths)
  local stored = cmsgpack.unpack(redis.call('GET', KEYS[1]))
  local windows = {}
  for i, length in ipairs(lengths) do
    local steps, used = steps_of(stored[i], length)
    windows[i] = {steps = steps, used = used}
  end
  return windows
end

local function windows_of(lengths)
  local read_well, windows = pcall(read, lengths)
  if not read_well then
    windows = {}
    for i in ipairs(lengths) do
      windows[i] = {steps = {}, used = 0}
    end
  end
  return windows
end

local function write(windows, lengths)
  local packed, latest = {}, 0
  for i, window in ipairs(windows) do
    packed[i] = window.steps
    if #window.steps > 0 then
      latest = math.max(latest, window.steps[#window.steps - 1] + lengths[i] - now)
    end
  end
  if latest > 0 then
    redis.call('SET', KEYS[1], cmsgpack.pack(packed), 'PX', string.format('%d', math.ceil(latest / 1000)))
  else
    redis.call('DEL', KEYS[1])
  end
end
"""

RESERVE = (
    _READ
    + """
local cost, parts = tonumber(ARGV[1]), tonumber(ARGV[2])
local limits, lengths = {}, {}
for i = 3, #ARGV, 2 do
  limits[#limits + 1] = tonumber(ARGV[i])
  lengths[#lengths + 1] = tonumber(ARGV[i + 1])
end

local windows = windows_of(lengths)
local admitted = true
for i, window in ipairs(windows) do
  admitted = admitted and window.used + cost <= limits[i]
end

if admitted and cost > 0 then
  for i, window in ipairs(windows) do
    local steps = window.steps
    window.used = window.used + cost
    if #steps > 0 and now - steps[#steps - 2] < lengths[i] / parts then
      steps[#steps - 1], steps[#steps] = now, steps[#steps] + cost
    else
      steps[#steps + 1], steps[#steps + 2], steps[#steps + 3] = now, now, cost
    end
  end
end
if ahead or (admitted and cost > 0) then
  write(windows, lengths)
end

-- When so many units come back: until then nothing else does.
local function wait(steps, excess, length)
  for i = 1, #steps, 3 do
    excess = excess - steps[i + 2]
    if excess <= 0 then
      return steps[i + 1] + length - now
    end
  end
  return length
end

local result = {admitted and 1 or 0, now}
for i, window in ipairs(windows) do
  local remaining = limits[i] - window.used
  local exceeded = not admitted and cost > remaining
  result[#result + 1] = remaining
  result[#result + 1] = wait(window.steps, exceeded and cost - remaining or 1, lengths[i])
  result[#result + 1] = exceeded and 1 or 0
end
return result
"""
)

REFUND = (
    _READ
    + """
local at = tonumber(ARGV[2])
local lengths = {}
for i = 3, #ARGV do
  lengths[#lengths + 1] = tonumber(ARGV[i])
end

local windows = windows_of(lengths)
for i, window in ipairs(windows) do
  local cost, steps = tonumber(ARGV[1]), window.steps
  if at > now - lengths[i] then
    while cost > 0 and #steps > 0 do
      local taken = math.min(cost, steps[3])
      steps[3], cost = steps[3] - taken, cost - taken
      if steps[3] == 0 then
        table.remove(steps, 1)
        table.remove(steps, 1)
        table.remove(steps, 1)
      end
    end
  end
end
write(windows, lengths)
"""
)
