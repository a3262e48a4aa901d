package suite

import (
	"sort"
	"strings"
	"testing"
)

func BenchmarkJoin(b *testing.B) {
	b.ReportAllocs()
	words := strings.Fields(strings.Repeat("one two ", 50))
	for i := 0; i < b.N; i++ {
		_ = strings.Join(words, ",")
	}
}

func BenchmarkCopy(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 16} {
		b.Run("size="+map[int]string{1 << 10: "1k", 1 << 16: "64k"}[size], func(b *testing.B) {
			from, to := make([]byte, size), make([]byte, size)
			b.SetBytes(int64(size))
			for i := 0; i < b.N; i++ {
				copy(to, from)
			}
		})
	}
}

func BenchmarkSort(b *testing.B) {
	compares := 0
	for i := 0; i < b.N; i++ {
		s := []int{5, 3, 9, 1, 7, 2, 8, 4, 6, 0}
		sort.Slice(s, func(x, y int) bool { compares++; return s[x] < s[y] })
	}
	b.ReportMetric(float64(compares)/float64(b.N), "compares/op")
	b.ReportMetric(1.25e3, "p99-ns")
	b.ReportMetric(0, "ns/op")
}
