-- A script for wrk: sends the requests of a file one after the other in a loop, and checks every response.
--
--   BENCH_REQUESTS  the file: whole HTTP requests, each followed by a NUL
--   BENCH_STATUS    the expected status
--   BENCH_CONTAINS  a text that every correct body contains
--   BENCH_LACKS     a text that no correct body contains
-- The last two may be empty. bench/measure.py reads the last line that is printed.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init()
  local file = assert(io.open(os.getenv("BENCH_REQUESTS"), "rb"))
  requests = {}
  for text in file:read("*a"):gmatch("[^%z]+") do
    requests[#requests + 1] = text
  end
  file:close()
  sent, wrong, sample = 0, 0, ""
  status_wanted = tonumber(os.getenv("BENCH_STATUS"))
  contains, lacks = os.getenv("BENCH_CONTAINS") or "", os.getenv("BENCH_LACKS") or ""
end

function request()
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end

function response(status, _, body)
  local is_correct = status == status_wanted
    and (contains == "" or body:find(contains, 1, true))
    and (lacks == "" or not body:find(lacks, 1, true))
  if not is_correct then
    wrong = wrong + 1
    if sample == "" then
      sample = status .. " " .. body:sub(1, 300):gsub("%s+", " ")
    end
  end
end

function done(summary, latency, _)
  local wrong, sample = 0, ""
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("wrong")
    if sample == "" then
      sample = thread:get("sample")
    end
  end
  local errors = summary.errors
  io.write(string.format("MEASURED %d %d %d %d %d %s\n", summary.requests, summary.duration,
    latency:percentile(99), wrong, errors.connect + errors.read + errors.write + errors.timeout, sample))
end
