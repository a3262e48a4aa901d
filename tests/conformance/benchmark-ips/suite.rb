require 'benchmark/ips'
require 'json'

report = Benchmark.ips do |x|
  x.config(time: 0.5, warmup: 0.1)
  x.report("addition") { 1 + 2 }
  x.report("a long name with spaces") { "a" * 1000 }
  x.report("slow") { sleep 0.002 }
  x.compare!
end
File.write("own.json", JSON.dump(report.entries.map { |e| [e.label, e.stats.central_tendency, 100.0 * e.stats.error / e.stats.central_tendency] }))
