# history.awk -- a history for the page: awk -v branch=main -v from=0 -v to=200 -f history.awk. JSON lines.
#   parse/json got slower at commit 90, was mended at 140; parse/toml got slower on main at 190 and on pr/7 at
#   its 4th commit; sort has a wild point and fails now and then; compress got faster; http is suspected.
function value(level) { return level * (1 + 0.02 * (rand() + rand() + rand() - 1.5)) }
function commit(i) { return sprintf("%08x%032x", (i * 7368787 + 12345) % 4294967296, i) }
function point(name, measure, unit, direction, number, status)
{
    printf "{\"project\":\"webapp\",\"branch\":\"%s\",\"testbed\":\"%s\",\"benchmark\":\"%s\",\"measure\":\"%s\"", branch, testbed, name, measure
    printf ",\"unit\":\"%s\",\"direction\":\"%s\",\"time\":\"%d000000000\",\"commit\":\"%s\",\"run\":\"%s-%s-%d\"", unit, direction, time, commit(at), branch, testbed, at
    if (status != "") printf ",\"status\":\"%s\"}\n", status
    else printf ",\"value\":%.6g}\n", number
}
BEGIN {
    srand(from + 17)
    split("parse/json parse/toml sort[1000-list] compress::zstd/level=3 http::keep-alive", names, " ")
    names[6] = "<script>alert(1)</script> & \\\"co\\\""
    for (at = from; at < to; at++) for (arm = 0; arm < 2; arm++) {
        main = branch == "main"
        i = main ? at : at - from + 150
        testbed = arm ? "linux-arm" : "linux-x64"
        time = 1700000000 + (main ? i * 21600 : 150 * 21600 + (at - from + 1) * 7200)
        for (b = 1; b <= 6; b++) {
            level = b * 3.7e6 * (arm ? 1.6 : 1)
            if (b == 1 && i >= 90 && i < 140) level *= 1.22
            if (b == 2 && (main ? i >= 190 : at >= from + 4)) level *= 1.35
            if (b == 3 && i == 60) level *= 6
            if (b == 4 && i >= 100) level *= 0.7
            if (b == 5 && main && i >= 199) level *= 1.2
            number = value(level)
            point(names[b], "latency", "ns", "lower", number, b == 3 && i % 40 == 7 ? "failed" : "")
            point(names[b], "throughput", "ops/s", "higher", 4e10 / number, "")
            point(names[b], "bytes", "B", "lower", 1300000 * b + (i >= 120 && b == 4 ? 65536 : 0), "")
        }
    }
}
