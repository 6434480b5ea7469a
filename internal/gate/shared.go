package gate

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"pixgate/internal/secret"
)

// patience is how long a call waits for Redis, all in all: for a connection, for
// making one, and for the answer.
const patience = 250 * time.Millisecond

// shared counts in Redis, from when it was found there until it fails: then it is
// closed, with all its connections, and another one takes its place.
type shared struct {
	client   *redis.Client
	limiter  *redis_rate.Limiter
	patience time.Duration
}

// opener returns what makes a new [shared]. Making one asks nothing of Redis yet.
func opener(url secret.Value, patience time.Duration) (func() *shared, error) {
	quieten()
	options, err := redis.ParseURL(url.Reveal())
	if err != nil {
		return nil, errors.New("the URL of Redis can't be read") // err quotes it, with its password
	}
	options.ContextTimeoutEnabled = true
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout, options.PoolTimeout = patience, patience, patience, patience
	// One try: the second is the memory's.
	options.MaxRetries, options.DialerRetries = -1, 1
	options.Protocol, options.DisableIdentity = 2, true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	options.ConnMaxIdleTime = time.Minute // what lies between forgets connections silently
	options.ReadBufferSize, options.WriteBufferSize = 4<<10, 4<<10
	return func() *shared {
		own := *options
		client := redis.NewClient(&own)
		return &shared{client: client, limiter: redis_rate.NewLimiter(client), patience: patience}
	}, nil
}

// take takes n, 0 or 1, and fails when Redis has not counted in time. The caller
// may hang up meanwhile: that is no failure of Redis.
func (s *shared) take(ctx context.Context, name Name, b bucket, l Limit, n int) (Result, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.patience)
	defer cancel()
	key := "pixgate:" + string(name) + ":" + hex.EncodeToString(b[:])
	// Every interval in redis_rate is a fraction of the period: this one makes it ours.
	period := time.Duration(l.Most) * l.interval()
	told, err := s.limiter.AllowN(ctx, key, redis_rate.Limit{Rate: l.Most, Burst: l.Most, Period: period}, n)
	if err != nil {
		return Result{}, fmt.Errorf("count in redis: %w", err)
	}
	// Redis computes with fractions of a second, which come back some nanoseconds beside
	// what was meant: the first use of 600 a minute would leave 598.
	owed := told.ResetAfter.Truncate(time.Microsecond)
	if n == 0 {
		_, result := l.take(owed, 0)
		return result, nil
	}
	return l.result(owed, told.Allowed > 0), nil
}

// ready reports whether Redis counts, as far as it does more than answer: one that is
// loading its data, or may not write, answers too.
func (s *shared) ready(ctx context.Context) bool {
	_, err := s.take(ctx, "PROBE", bucket{}, Limit{Most: 1000, Period: time.Second}, 1)
	return err == nil
}

// close ends the calls that are under way as well: they have failed anyway.
func (s *shared) close() { _ = s.client.Close() } // it fails only when closed already

// quieten ends go-redis's own log, which goes around ours.
var quieten = sync.OnceFunc(func() { redis.SetLogger(silence{}) })

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}
