-- Requests of one path with the bodies of a file, a line each, one after another: wrk -s search.lua URL -- PATH BODIES
local bodies, index = {}, 0
function init(arguments)
    path = arguments[1]
    for line in io.lines(arguments[2]) do bodies[#bodies + 1] = line end
    -- Each thread begins elsewhere, so that no cache sees the same queries side by side.
    index = math.random(#bodies)
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
end
function request()
    index = index % #bodies + 1
    return wrk.format(nil, path, nil, bodies[index])
end
function done(summary, latency, requests)
    local seconds = summary.duration / 1e6
    local errors = summary.errors
    io.write(string.format('{"queries_per_second": %.1f, "p50_ms": %.3f, "p99_ms": %.3f, "errors": %d}\n',
        summary.requests / seconds, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
