require 'benchmark'
require 'json'

results = Benchmark.send(ARGV[0], 7) do |x|
  x.report("for:") { for i in 1..200_000; a = "1"; end }
  x.report("two words:") { 200_000.times { a = "1" } }
  x.report("system") { system("true") }
end
File.write("#{ARGV[0]}.json", JSON.dump(results.map { |t| [t.label, t.utime, t.stime, t.total, t.real] }))
