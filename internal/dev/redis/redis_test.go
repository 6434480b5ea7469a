package redis

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func start(t *testing.T) (*Server, *redis.Client) {
	t.Helper()
	s, err := Start(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s, client(t, s.URL(3))
}

func client(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	options.MaxRetries = -1
	options.ReadTimeout = 200 * time.Millisecond
	c := redis.NewClient(options)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestComesBackEmpty(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	if err := c.Set(t.Context(), "a", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("a killed Redis answers")
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Exists(t.Context(), "a").Result(); err != nil || n != 0 {
		t.Errorf("after Restart: %d keys, %v", n, err)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Pause()
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("a paused Redis answers")
	}
	s.Resume()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := c.Ping(ctx).Err(); err != nil {
		t.Errorf("after Resume: %v", err)
	}
}

func TestPassword(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	stranger := redis.NewClient(&redis.Options{Addr: c.Options().Addr})
	t.Cleanup(func() { stranger.Close() })
	if err := stranger.Ping(t.Context()).Err(); err == nil {
		t.Error("Redis answers without its password")
	}
}
