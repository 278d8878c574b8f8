-- wrk: creates objects of one job after the other, the same kinds and sizes that the operator writes (eoa render), each once.
-- EOA_OBJECTS: folder with N.json (objects with the name NAME) and N.path; EOA_TOKEN; EOA_RUN: part of the names.
local counter = 0
local thread_counter = 0
local objects = {}

function setup(thread)
  thread:set("id", thread_counter)
  thread_counter = thread_counter + 1
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

function init(args)
  local folder = os.getenv("EOA_OBJECTS")
  for i = 0, tonumber(os.getenv("EOA_COUNT")) - 1 do
    objects[i] = {path = read(folder .. "/" .. i .. ".path"), body = read(folder .. "/" .. i .. ".json")}
  end
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("EOA_TOKEN")
end

function request()
  local object = objects[counter % (#objects + 1)]
  local name = "raw-" .. os.getenv("EOA_RUN") .. "-" .. id .. "-" .. math.floor(counter / (#objects + 1))
  counter = counter + 1
  return wrk.format("POST", object.path, nil, (object.body:gsub("NAME", name)))
end

local failed = 0
function response(status)
  if status ~= 201 then failed = failed + 1 end
end

function done(summary, latency)
  io.write(string.format("{\"requests\": %d, \"seconds\": %f, \"errors\": %d}\n", summary.requests, summary.duration / 1e6,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
