package stage

import (
	"testing"

	client "github.com/redis/go-redis/v9"
)

func TestRedisDatabasesAreApart(t *testing.T) {
	t.Parallel()
	var counts []int64
	for range 2 {
		options, err := client.ParseURL(Redis(t))
		if err != nil {
			t.Fatal(err)
		}
		c := client.NewClient(options)
		t.Cleanup(func() { c.Close() })
		n, err := c.Incr(t.Context(), "counter").Result()
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, n)
	}
	if counts[0] != 1 || counts[1] != 1 {
		t.Errorf("counters of two databases: %d", counts)
	}
}
