package session

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/queries"
)

// limit is how often something may happen. Its window starts with the first use.
// The names are part of stored keys.
type limit struct {
	name   string
	most   int32
	window time.Duration
}

const unlimited = 1<<31 - 1

// What mails may go out to an address, and on whose behalf. One network gets no
// more than half of an address's day.
var (
	mailsHourly         = limit{"mails to address, hour", 5, time.Hour}
	mailsDaily          = limit{"mails to address, day", 15, 24 * time.Hour}
	mailsOfNetwork      = limit{"mails to address from network", 2, time.Hour}
	mailsOfNetworkDaily = limit{"mails to address from network, day", 8, 24 * time.Hour}
	mailsOfIP           = limit{"mails from ip", 10, 10 * time.Minute}
	mailsOfDevice       = limit{"mails to known device", 5, time.Hour}
	newcomersDaily      = limit{"mails to new addresses of studio", 500, 24 * time.Hour}
	acquaintedDaily     = limit{"mails to seen address", unlimited, 24 * time.Hour}
)

// What may be guessed wrongly, about an address and by whom. One network gets no
// more than a third of an address's day, so that it takes several to spend it.
var (
	failuresHourly         = limit{"failures of address, hour", 20, time.Hour}
	failuresDaily          = limit{"failures of address, day", 50, 24 * time.Hour}
	failuresOfNetwork      = limit{"failures of address from network", 5, 15 * time.Minute}
	failuresOfNetworkDaily = limit{"failures of address from network, day", 15, 24 * time.Hour}
	failuresOfIP           = limit{"failures from ip", 20, 10 * time.Minute}
	failuresOfDevice       = limit{"failures of known device", 20, time.Hour}
)

// attemptsOfIP is what an address may try at a door, right or wrong.
var attemptsOfIP = limit{"door attempts from ip", 20, 10 * time.Minute}

// Rate is how often something may happen within a window that starts with the first
// time. The zero Rate is the one that the room has by itself.
type Rate struct {
	Most   int
	Window time.Duration
}

// Failures are the limits of failed sign-ins that an installation may set.
type Failures struct {
	OfNetwork Rate // of one mailbox from one network; 5 in 15 minutes
	OfIP      Rate // from one address; 20 in 10 minutes
}

// or returns the limit with the numbers of a rate that is not zero. Its name has them
// too: what was counted towards the other number does not count towards this one.
func (l limit) or(rate Rate) limit {
	if rate == (Rate{}) {
		return l
	}
	return limit{fmt.Sprintf("%s, %d in %s", l.name, rate.Most, rate.Window), int32(rate.Most), rate.Window}
}

// charge is one use of a limit by one subject.
type charge struct {
	limit
	key []byte
}

// charge makes the key of a budget: a keyed hash, so that the table tells
// nobody's address. While there is a secret before, each use counts under both: what
// was counted before a change stands under the old one alone, and without it whoever
// guesses would have all their tries again. When the old one goes a day later, the new
// one has counted every window from its beginning.
func (s *Service) charge(l limit, subject ...[]byte) []charge {
	var charges []charge
	for _, key := range s.codes.All() {
		hash := key.MAC("budget: "+l.name, subject...)
		charges = append(charges, charge{limit: l, key: hash[:]})
	}
	return charges
}

// overrun is a budget that had nothing left.
type overrun struct {
	charge
	resetsAt time.Time
}

// spend takes one from each budget and returns those that were empty. Where there
// are any, the caller rolls its transaction back or refunds: refused uses must
// not count, or one network could use up what an address has for all.
func spend(ctx context.Context, q *queries.Queries, now time.Time, charges []charge) ([]overrun, error) {
	resets := make([]time.Time, len(charges))
	for i, c := range charges {
		resets[i] = now.Add(c.window)
	}
	rows, err := q.Spend(ctx, keys(charges), resets, now)
	if err != nil {
		return nil, fault.Database("spend a budget", err)
	}
	var over []overrun
	for _, row := range rows {
		for _, c := range charges {
			if bytes.Equal(c.key, row.Key) && row.Used > c.most {
				over = append(over, overrun{charge: c, resetsAt: row.ResetsAt})
			}
		}
	}
	return over, nil
}

func refund(ctx context.Context, q *queries.Queries, charges []charge) error {
	return fault.Database("refund a budget", q.Refund(ctx, keys(charges)))
}

func keys(charges []charge) [][]byte {
	all := make([][]byte, len(charges))
	for i, c := range charges {
		all[i] = c.key
	}
	return all
}

// tooMany is the refusal for budgets that are empty: how long it takes until all
// of them have something again. Which they are only the log is told.
func (s *Service) tooMany(ctx context.Context, over []overrun, now time.Time) error {
	var wait time.Duration
	for _, o := range over {
		wait = max(wait, o.resetsAt.Sub(now))
		s.log.WarnContext(ctx, "sign-in limit reached", "limit", o.name)
	}
	return fault.TooMany("This has been asked for or tried too often. Please wait; a device that has signed in before has limits of its own.", wait)
}

// addressOf names an address of a studio as the subject of a budget.
func addressOf(tenant account.Tenant, emailKey string) []byte {
	return append(tenant.ID[:], emailKey...)
}

// network is the part of an address that one customer of a provider holds at
// most: /24, for IPv6 /48.
func network(ip netip.Addr) []byte { return prefix(ip, 24, 48) }

// single is the address itself; IPv6 clients hold a /64.
func single(ip netip.Addr) []byte { return prefix(ip, 32, 64) }

func prefix(ip netip.Addr, v4, v6 int) []byte {
	bits := v4
	if ip.Is6() {
		bits = v6
	}
	// The only error is a number of bits that the address doesn't have.
	p, _ := ip.Prefix(bits)
	return []byte(p.String())
}
