package gate

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// The places of a key are a sorted set: who has one, and until when, by Redis's own clock in
// milliseconds. The set goes when all of them have.
var (
	// Whoever asks again because an answer was lost has the place already, and does not stand in
	// their own way.
	enterScript = redis.NewScript(clock + `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREM', KEYS[1], ARGV[3])
local taken = redis.call('ZCARD', KEYS[1])
if taken >= tonumber(ARGV[1]) then
	local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
	return {0, taken, first[2] - now}
end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {1, taken + 1, 0}`)

	// For each key the number of places, and the places.
	renewScript = redis.NewScript(clock + `
local at, taken = 2, {}
for i, key in ipairs(KEYS) do
	redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
	for _ = 1, tonumber(ARGV[at]) do
		at = at + 1
		redis.call('ZADD', key, now + ARGV[1], ARGV[at])
	end
	at = at + 1
	redis.call('PEXPIRE', key, ARGV[1])
	taken[i] = redis.call('ZCARD', key)
end
return taken`)
)

const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

// answer is what Redis says to whoever wants to enter.
type answer struct {
	entered bool
	taken   int           // places that are taken, this one included
	wait    time.Duration // until the first of them is free unless it is renewed; 0 for who has entered
}

// enter takes a place, if fewer than most are taken. The caller may hang up meanwhile: that is
// no failure of Redis.
func (s *shared) enter(ctx context.Context, key, place string, most int, lease time.Duration) (answer, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.patience)
	defer cancel()
	said, err := enterScript.Run(ctx, s.client, []string{key}, most, lease.Milliseconds(), place).Int64Slice()
	if err != nil {
		return answer{}, fmt.Errorf("enter in redis: %w", err)
	}
	if len(said) != 3 {
		return answer{}, fmt.Errorf("enter in redis: %d numbers", len(said))
	}
	return answer{entered: said[0] == 1, taken: int(said[1]), wait: time.Duration(said[2]) * time.Millisecond}, nil
}

// leave gives a place back.
func (s *shared) leave(key, place string) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.patience)
	defer cancel()
	if err := s.client.ZRem(ctx, key, place).Err(); err != nil {
		return fmt.Errorf("leave in redis: %w", err)
	}
	return nil
}

// renew begins the leases of places anew, also of those that are not there any more, and
// returns how many are taken under each key.
func (s *shared) renew(keys []string, places [][]string, lease time.Duration) ([]int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.patience)
	defer cancel()
	args := []any{lease.Milliseconds()}
	for _, mine := range places {
		args = append(args, strconv.Itoa(len(mine)))
		for _, place := range mine {
			args = append(args, place)
		}
	}
	taken, err := renewScript.Run(ctx, s.client, keys, args...).Int64Slice()
	if err != nil {
		return nil, fmt.Errorf("renew in redis: %w", err)
	}
	if len(taken) != len(keys) {
		return nil, fmt.Errorf("renew in redis: %d numbers for %d keys", len(taken), len(keys))
	}
	return taken, nil
}
