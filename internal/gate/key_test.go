package gate_test

import (
	"net/netip"
	"regexp"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"pixgate/internal/dev/stage"
	"pixgate/internal/gate"
	"pixgate/internal/secret"
)

func TestAClientIsCountedByWhatItCanNotChange(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"192.0.2.1", "::ffff:192.0.2.1"},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::"},
		{"fe80::1", "fe80::1%eth0", "fe80::1%eth1"},
	} {
		for _, address := range same {
			if got, want := gate.KeyOfIP(netip.MustParseAddr(address)), gate.KeyOfIP(netip.MustParseAddr(same[0])); got != want || got == "" {
				t.Errorf("%s is %q, %s is %q", address, got, same[0], want)
			}
		}
	}
	different := map[string]string{}
	for _, address := range []string{"192.0.2.1", "192.0.2.2", "::1", "::", "2001:db8:1:2::1", "2001:db8:1:3::1", "fe80::1"} {
		key := gate.KeyOfIP(netip.MustParseAddr(address))
		if other, seen := different[key]; seen && address != "::" {
			t.Errorf("%s and %s share %q", address, other, key)
		}
		different[key] = address
	}
	if got := gate.KeyOfIP(netip.Addr{}); got != "" {
		t.Errorf("no address is %q", got)
	}
}

func client(t testing.TB, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(options)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestRedisIsToldNobodysAddress(t *testing.T) {
	t.Parallel()
	url := stage.Redis(t)
	l := limiter(t, gate.Options{Redis: secret.Value(url)})
	if r, err := l.Take(t.Context(), gate.Auth, "anna@example.test", "192.0.2.0/24"); err != nil || !r.Allowed {
		t.Fatal(r, err)
	}
	stranger, err := gate.New(gate.Options{Redis: secret.Value(url), Key: secret.NewKey("another key"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := stranger.InRedis(t.Context(), gate.Auth, 1, "anna@example.test", "192.0.2.0/24"); err != nil || r.Remaining != 4 {
		t.Errorf("who does not know the key finds the count: %+v, %v", r, err)
	}
	c := client(t, url)
	keys, err := c.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 2 {
		t.Fatalf("keys %q, %v", keys, err)
	}
	hidden := regexp.MustCompile(`^rate:pixgate:AUTH:[0-9a-f]{32}$`)
	for _, key := range keys {
		if value, err := c.Get(t.Context(), key).Result(); !hidden.MatchString(key) || !regexp.MustCompile(`^[0-9.]+$`).MatchString(value) {
			t.Errorf("Redis holds %q = %q, %v", key, value, err)
		}
		if ttl, err := c.TTL(t.Context(), key).Result(); err != nil || ttl <= 0 || ttl > 3*time.Minute {
			t.Errorf("%q stays for %s, %v", key, ttl, err)
		}
	}
}

// A limit that was changed must not hold anybody to what was owed under the other.
func TestAChangedLimitCountsAnew(t *testing.T) {
	t.Parallel()
	url := secret.Value(stage.Redis(t))
	for _, limit := range []gate.Limit{{Most: 1, Period: 24 * time.Hour}, {Most: 1, Period: time.Minute}} {
		l := limiter(t, gate.Options{Redis: url, Limits: map[gate.Name]gate.Limit{gate.Form: limit}})
		if r, err := l.Take(t.Context(), gate.Form, "anna"); err != nil || !r.Allowed || r.ResetAfter > limit.Period {
			t.Errorf("%v: %+v, %v", limit, r, err)
		}
	}
}

func TestAURLThatCanNotBeReadIsNotShown(t *testing.T) {
	t.Parallel()
	_, err := gate.New(gate.Options{Redis: "redis://:hunter2@redis:port", Key: key, Now: time.Now})
	if err == nil || regexp.MustCompile("hunter2|port").MatchString(err.Error()) {
		t.Errorf("New: %v", err)
	}
}
