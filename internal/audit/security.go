package audit

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/id"
	"pixgate/internal/secret"
)

// Incident is one occurrence of an event. Nothing in it may be a caller's own
// words: Route and Detail are names of the program's.
type Incident struct {
	Event     Event
	TenantID  *id.ID     // nil: no studio was known yet, so that operators see it
	AccountID *id.ID     // nil: nobody was signed in; of that studio
	IP        netip.Addr // stored as a keyed hash; the zero Addr: it was no caller's doing
	Route     string     // a template such as /images/{id}/download, never a path
	Detail    string     // such as the limiter's name
	RequestID string
}

// Tally counts for whoever watches the server.
type Tally interface {
	SecurityEvent(event string)    // one was recorded
	SecurityEventsDropped(n int64) // so many were recorded and will never be stored
}

// AlertQueue takes an alert over in the transaction that claims it.
type AlertQueue interface {
	SecurityAlert(ctx context.Context, tx pgx.Tx, alertID id.ID) error
}

// SecurityOptions are what a Security works with. All fields are required.
type SecurityOptions struct {
	DB    *pgxpool.Pool
	Keys  secret.Ring // hashes addresses (AUDIT_SECRET)
	Tally Tally
	Queue AlertQueue
	Rule  Rule
	Now   func() time.Time
	Log   *slog.Logger
}

// Security keeps what was refused. It is safe for use by many goroutines.
type Security struct {
	o        SecurityOptions
	gathered gathered
	lost     atomic.Int64 // since the log told of it
	writer   writer       // of the goroutine that runs Run
}

// NewSecurity returns a Security. Without its [Security.Run] nothing is stored.
func NewSecurity(o SecurityOptions) *Security {
	return &Security{o: o, gathered: newGathered(), writer: writer{unjudged: map[matter]bool{}}}
}

const (
	writeEvery   = time.Second     // and so what one row can stand for
	writeTimeout = 5 * time.Second // of one try, and of the last one
	tellEvery    = time.Minute     // of trouble, in the log
)

// Record notes an incident. It waits for nobody and never fails: the incident is
// added to its like of the same second, or, where there are too many kinds to tell
// apart, to those of its event, studio and route, or counted as lost.
func (s *Security) Record(i Incident) {
	if !i.Event.known() {
		s.lose(1)
		return
	}
	s.o.Tally.SecurityEvent(string(i.Event))
	one := likeness{event: i.Event, source: source(i.IP), route: brief(i.Route), detail: brief(i.Detail)}
	if i.TenantID != nil {
		one.tenant = *i.TenantID
		if i.AccountID != nil { // an account is its studio's
			one.account = *i.AccountID
		}
	}
	if !s.gathered.add(one, i.RequestID, s.now()) {
		s.lose(1)
	}
}

// Run writes incidents down every second and a last time when ctx ends, for which
// it takes five seconds at most. Call it once, and close the database after it has
// returned; what is recorded later is not stored.
func (s *Security) Run(ctx context.Context) {
	ticker := time.NewTicker(writeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.flush(ctx)
		case <-ctx.Done():
			s.finish(context.WithoutCancel(ctx))
			return
		}
	}
}

// lose counts incidents that nobody will find.
func (s *Security) lose(n int64) {
	s.lost.Add(n)
	s.o.Tally.SecurityEventsDropped(n)
}

// now is the present as the database keeps it.
func (s *Security) now() time.Time { return s.o.Now().UTC().Truncate(time.Microsecond) }

// source is who counts as one: an IPv4 address, or the /64 of an IPv6 one, since
// each subscriber has that many.
func source(ip netip.Addr) netip.Prefix {
	ip = ip.Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	network, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // of the zero Addr
	}
	return network
}

// maxWord is how many bytes of a route, detail or request id are kept.
const maxWord = 100

// brief makes a word fit for its column, and does not hold on to a longer text
// that it was cut from.
func brief(word string) string {
	if len(word) > maxWord {
		cut := maxWord
		for cut > 0 && !utf8.RuneStart(word[cut]) {
			cut--
		}
		word = strings.Clone(word[:cut])
	}
	return strings.ReplaceAll(strings.ToValidUTF8(word, ""), "\x00", "")
}
