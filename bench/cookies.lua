-- For wrk: each request with a cookie drawn at random from a file whose lines are equally long. One string and not a table of
-- them: there are hundreds of thousands, and the garbage collector would look at each.
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

function init(arguments)
    local file = assert(io.open(arguments[1], "rb"))
    lines = file:read("*a")
    file:close()
    width = lines:find("\n", 1, true)
    count = #lines / width
    headers = {}
    math.randomseed(os.time() + 7919 * number)
end

function request()
    local from = math.random(0, count - 1) * width
    headers["Cookie"] = lines:sub(from + 1, from + width - 1)
    return wrk.format("GET", nil, headers)
end
