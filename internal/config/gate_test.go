package config_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pixgate/internal/config"
	"pixgate/internal/gate"
	"pixgate/internal/secret"
)

// knocks loads what the gate needs, with one setting.
func knocks(variable, value string) (config.Config, error) {
	return config.LoadOnly(func(name string) string {
		return map[string]string{"APP_ENV": "production", variable: value}[name]
	}, config.Gate)
}

func TestEveryListIsItsOwn(t *testing.T) {
	t.Parallel()
	c, err := config.Load(with(map[string]string{
		"BLOCKED_IPS": "192.0.2.7, 10.*,172.16.4.*,192.168.*,198.51.100.0/24", "ADMIN_ALLOWED_IPS": "2001:db8::/32,2001:DB8:0:0::1", "SEND_EMAIL_ALLOWED_IPS": "192.0.2.1",
		"GENERATE_PDF_ALLOWED_IPS": "192.0.2.2", "WEBHOOK_ALLOWED_IPS": "192.0.2.3",
	}))
	if err != nil {
		t.Fatal(err)
	}
	for want, got := range map[string][]netip.Prefix{
		"[192.0.2.7/32 10.0.0.0/8 172.16.4.0/24 192.168.0.0/16 198.51.100.0/24]": c.BlockedIPs, "[2001:db8::/32 2001:db8::1/128]": c.AdminAllowedIPs,
		"[192.0.2.1/32]": c.SendEmailAllowedIPs, "[192.0.2.2/32]": c.GeneratePDFAllowedIPs, "[192.0.2.3/32]": c.WebhookAllowedIPs,
	} {
		if fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}

func TestTheGateNeedsNoSettings(t *testing.T) {
	t.Parallel()
	c, err := knocks("REDIS_URL", "")
	if err != nil || c.RedisURL != "" || len(c.RateLimits) != 0 || c.BlockedIPs != nil || c.AdminAllowedIPs != nil {
		t.Errorf("%+v, %v", c, err)
	}
}

// A limit without a setting could not be changed, and a setting without a limit
// would be believed to change something.
func TestEveryLimitHasItsSetting(t *testing.T) {
	t.Parallel()
	settings := map[string]string{"APP_ENV": "production"}
	for name := range gate.Defaults() {
		settings["RATE_LIMIT_"+string(name)] = "7/3m"
	}
	c, err := config.LoadOnly(func(name string) string { return settings[name] }, config.Gate)
	if err != nil {
		t.Fatal(err)
	}
	var names []gate.Name
	for name, rate := range c.RateLimits {
		names = append(names, gate.Name(name))
		if rate != (config.Rate{Count: 7, Per: 3 * time.Minute}) {
			t.Errorf("%s = %v", name, rate)
		}
	}
	want := slices.Sorted(maps.Keys(gate.Defaults()))
	if slices.Sort(names); !slices.Equal(names, want) {
		t.Errorf("settings for %q, limits %q", names, want)
	}
	asked := map[string]bool{}
	if _, err := config.LoadOnly(func(name string) string { asked[name] = true; return settings[name] }, config.Gate); err != nil {
		t.Fatal(err)
	}
	for name := range asked {
		if limit, ok := strings.CutPrefix(name, "RATE_LIMIT_"); ok && !slices.Contains(want, gate.Name(limit)) {
			t.Errorf("%s changes no limit", name)
		}
	}
}

func TestARedisThatIsTakenCanBeOpened(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"redis://redis", "redis://redis:6379", "redis://127.0.0.1:1/", "redis://[::1]:6379/15", "rediss://:p%40ss@redis.example.com:6380/0", "redis://limits:secret@redis/3",
	} {
		c, err := knocks("REDIS_URL", url)
		if err != nil || c.RedisURL.Reveal() != url {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if _, err := gate.New(gate.Options{Redis: c.RedisURL, Key: secret.NewKey("key"), Now: time.Now}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func FuzzRate(f *testing.F) {
	for _, seed := range []string{"5/15m", "600/1m", "1/24h", "100000/86400s", "5/90s", "60/60m", "0/1s", "5/", "/", "5/1d", "٥/15m", "5/15m ", "+5/1m"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		c, err := knocks("RATE_LIMIT_AUTH", value)
		if err != nil || value == "" {
			return
		}
		rate := c.RateLimits["AUTH"]
		if rate.Count < 1 || rate.Count > 100_000 || rate.Per < time.Second || rate.Per > 24*time.Hour {
			t.Fatalf("%q is %+v", value, rate)
		}
		count, per, _ := strings.Cut(value, "/")
		if naive, err := time.ParseDuration(per); err != nil || naive != rate.Per || count != strconv.Itoa(rate.Count) {
			t.Errorf("%q is %+v", value, rate)
		}
		if again, err := knocks("RATE_LIMIT_AUTH", rate.String()); err != nil || again.RateLimits["AUTH"] != rate {
			t.Errorf("%q is written as %q and read as %v, %v", value, rate, again.RateLimits["AUTH"], err)
		}
		if _, err := gate.New(gate.Options{Key: secret.NewKey("key"), Now: time.Now, Limits: map[gate.Name]gate.Limit{gate.Auth: {Most: rate.Count, Period: rate.Per}}}); err != nil {
			t.Errorf("%q is taken and can't be counted: %v", value, err)
		}
	})
}

func FuzzNetworks(f *testing.F) {
	for _, seed := range []string{
		"192.0.2.7", "10.*", "192.168.*,172.16.4.*", "10.0.0.0/8, 2001:db8::/32", "2001:db8::1", "::ffff:1.2.3.4", "::/1", "0.0.0.0/1", "*", "1.*.*", "010.*", "fe80::1%a", "1.2.3.4:5",
		"[::1]:5", "1.2.3.4/08", "1.2.3.0/24,,", "::1/128", "255.255.255.*", "256.*", "1.2.3.4.*", "-1.*", "1.2.*\n",
	} {
		f.Add(seed, []byte{10, 1, 2, 3})
		f.Add(seed, []byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})
	}
	f.Fuzz(func(t *testing.T, value string, address []byte) {
		c, err := knocks("BLOCKED_IPS", value)
		if err != nil || value == "" {
			return
		}
		var written []string
		for _, network := range c.BlockedIPs {
			written = append(written, network.String())
			if network != network.Masked() || network.Bits() < 1 || network.Addr().Is4In6() || network.Addr().Zone() != "" {
				t.Errorf("%q holds %v", value, network)
			}
		}
		again, err := knocks("BLOCKED_IPS", strings.Join(written, ","))
		if err != nil || !slices.Equal(again.BlockedIPs, c.BlockedIPs) {
			t.Errorf("%q is written as %q and read as %v, %v", value, written, again.BlockedIPs, err)
		}
		addr, ok := netip.AddrFromSlice(address)
		addr = addr.Unmap()
		entries := strings.Split(value, ",")
		if !ok || len(entries) != len(c.BlockedIPs) {
			return
		}
		for i, entry := range entries {
			if got, want := c.BlockedIPs[i].Contains(addr), means(strings.TrimSpace(entry), addr); got != want {
				t.Errorf("%q holds %s: %v, want %v", entry, addr, got, want)
			}
		}
	})
}

// means compares an entry with an address the plain way: by its numbers as text, or
// bit by bit.
func means(entry string, addr netip.Addr) bool {
	if before, isWildcard := strings.CutSuffix(entry, "*"); isWildcard {
		return addr.Is4() && strings.HasPrefix(addr.String(), before)
	}
	text, bits, isNetwork := strings.Cut(entry, "/")
	network := netip.MustParseAddr(text).AsSlice()
	address := addr.AsSlice()
	if !isNetwork {
		return bytes.Equal(network, address)
	}
	n, _ := strconv.Atoi(bits)
	if len(network) != len(address) {
		return false
	}
	for bit := range n {
		if (network[bit/8]^address[bit/8])&(0x80>>(bit%8)) != 0 {
			return false
		}
	}
	return true
}
