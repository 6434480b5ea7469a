package stage

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	client "github.com/redis/go-redis/v9"

	"pixgate/internal/dev/redis"
)

// Redis is the URL of an empty database of this test, on a redis-server that
// all tests of the binary share. For a server to stop, kill or pause, use
// redis.Start.
func Redis(t testing.TB) string {
	t.Helper()
	s, err := limits()
	if err != nil {
		t.Fatalf("stage redis: %v", err)
	}
	number := <-numbers
	t.Cleanup(func() { numbers <- number })
	url := s.URL(number)
	options, err := client.ParseURL(url)
	if err != nil {
		t.Fatalf("stage redis: %v", err)
	}
	c := client.NewClient(options)
	defer c.Close()
	if err := c.FlushDB(t.Context()).Err(); err != nil {
		t.Fatalf("stage redis: %v", err)
	}
	return url
}

// numbers are those of the databases that no test uses.
var numbers = func() chan int {
	free := make(chan int, redis.Databases)
	for n := range redis.Databases {
		free <- n
	}
	return free
}()

var limits = sync.OnceValues(func() (*redis.Server, error) {
	r, err := inMemory()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return redis.Start(ctx, filepath.Join(r.dir, "redis"), nil)
})
