package notice

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/mail"
	"pixgate/queries"
)

// What SES allows, by its own words: past it, it looks into an account, and stops it.
const (
	BounceLimit    = 0.05
	ComplaintLimit = 0.001
)

// ReputationDays is how many days count, today included: SES does not say how many mails it
// looks back at, and a studio's busy and quiet days should both be in it.
const ReputationDays = 14

const (
	writeEvery = 5 * time.Second
	lookEvery  = time.Minute
	lastWords  = 2 * time.Second
)

// ReputationMeter tells whoever watches the server.
type ReputationMeter interface {
	MailRates(bounced, complained float64) // of what was sent, 0 where nothing was
}

// ReputationOptions are what a Reputation works with. All are required.
type ReputationOptions struct {
	DB    queries.DBTX
	Meter ReputationMeter
	Now   func() time.Time
	Log   *slog.Logger
}

// Reputation is what SES thinks of our mail. It counts in memory and writes that down every
// few seconds: a row that every mail must write would have sign-in codes wait for each
// other. A crash loses the seconds. It is safe for use by many goroutines.
type Reputation struct {
	ReputationOptions
	mu   sync.Mutex
	sent map[time.Time]int64 // by day, not yet written
}

// NewReputation returns a Reputation. Without its [Reputation.Run] nothing is written.
func NewReputation(o ReputationOptions) *Reputation {
	return &Reputation{ReputationOptions: o, sent: map[time.Time]int64{}}
}

// Count counts each mail that next has sent. It neither delays a mail nor fails one.
func (r *Reputation) Count(next mail.Sender) mail.Sender { return counted{r, next} }

type counted struct {
	r    *Reputation
	next mail.Sender
}

// Send sends a mail.
func (c counted) Send(ctx context.Context, m mail.Message) error {
	err := c.next.Send(ctx, m)
	if err == nil {
		c.r.add(dayOf(c.r.Now()), 1)
	}
	return err
}

// dayOf is the day of a moment, in UTC.
func dayOf(now time.Time) time.Time { return now.UTC().Truncate(24 * time.Hour) }

func (r *Reputation) add(day time.Time, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent[day] += n
}

// Run writes down what is counted, and measures the rates, until ctx ends.
func (r *Reputation) Run(ctx context.Context) {
	write, look := time.NewTicker(writeEvery), time.NewTicker(lookEvery)
	defer write.Stop()
	defer look.Stop()
	for r.measure(ctx); ; {
		select {
		case <-write.C:
			r.Write(ctx)
		case <-look.C:
			r.measure(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// Write writes down what is counted. What could not be written is kept for the next time;
// where the database wrote it and could not say so, it counts twice.
func (r *Reputation) Write(ctx context.Context) {
	r.mu.Lock()
	counted := r.sent
	r.sent = map[time.Time]int64{}
	r.mu.Unlock()
	for day, sent := range counted {
		if err := queries.New(r.DB).CountMail(ctx, queries.CountMailParams{Day: day, Sent: sent}); err != nil {
			r.add(day, sent)
			r.Log.WarnContext(ctx, "mails could not be counted: they will be later", "error", err)
		}
	}
}

// Finish is the last [Reputation.Write], after the last mail. It takes two seconds at most.
func (r *Reputation) Finish() {
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	r.Write(ctx)
}

func (r *Reputation) measure(ctx context.Context) {
	told, err := r.look(ctx)
	if err != nil {
		return // whoever watches sees that the database is away
	}
	var bounced, complained float64
	if told.BounceRate != nil {
		bounced, complained = *told.BounceRate, *told.ComplaintRate
	}
	r.Meter.MailRates(bounced, complained)
}

// Health returns how our mail stands. Operators only: all studios share one account at SES.
func (r *Reputation) Health(ctx context.Context, v account.Viewer) (*MailHealth, error) {
	if err := v.Require(account.Operator, r.Now()); err != nil {
		return nil, err
	}
	return r.look(ctx)
}

func (r *Reputation) look(ctx context.Context) (*MailHealth, error) {
	counts, err := queries.New(r.DB).MailSince(ctx, dayOf(r.Now()).AddDate(0, 0, 1-ReputationDays))
	if err != nil {
		return nil, fault.Database("look how our mail stands", err)
	}
	return judge(int(counts.Sent), int(counts.Bounced), int(counts.Complained)), nil
}
