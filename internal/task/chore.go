package task

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/fault"
	"pixgate/queries"
)

// Chore is a task of maintenance: something that is due again and again, and that one
// runner at a time does, on whatever server.
type Chore struct {
	Name   string        // as /cron/{task} calls it: lower-case letters and hyphens, 40 at most
	Every  time.Duration // how often the scheduler starts it; 0: never by itself
	Within time.Duration // how long a run may take before it is told to end
	// Work does it. Where the lease is lost, ctx ends. A server that stood still may
	// wake up and go on for a moment all the same, beside its successor: what must not be
	// written then is written by [Lease.InTx].
	Work func(ctx context.Context, lease *Lease) error
}

var choreName = regexp.MustCompile(`^[a-z][a-z-]{0,39}$`)

func (c Chore) check() error {
	if !choreName.MatchString(c.Name) || c.Within <= 0 || c.Every < 0 || c.Work == nil {
		return fmt.Errorf("the chore %q is not complete", c.Name)
	}
	return nil
}

// InTurn does all of work one after another, each also where one before it has failed, as
// long as the lease is held. It is for work that may come late, beside that of
// a successor, and do no harm: to remove what is over by a date removes what the
// successor would. For the rest there is [Lease.InTx].
func InTurn(work ...func(context.Context) error) func(context.Context, *Lease) error {
	return func(ctx context.Context, lease *Lease) error {
		var failed error
		done := 0
		for _, one := range work {
			if err := lease.Check(ctx); err != nil {
				return errors.Join(failed, err)
			}
			if err := one(ctx); err != nil {
				failed = errors.Join(failed, err)
			} else {
				done++
			}
			lease.Tell(fmt.Sprintf("%d of %d steps done", done, len(work)))
		}
		return failed
	}
}

// Telling does work that sums up what it did, and that may come late as in [InTurn].
func Telling(work func(context.Context) (summary string, err error)) func(context.Context, *Lease) error {
	return func(ctx context.Context, lease *Lease) error {
		summary, err := work(ctx)
		lease.Tell(summary)
		return err
	}
}

// errLost says that the lease is another's.
var errLost = errors.New("another runner has taken the task over")

// Lease is the right to do a chore, for as long as nobody has taken it over. It is safe
// for use by many goroutines.
type Lease struct {
	db    *pgxpool.Pool
	task  string
	token int64

	mu      sync.Mutex
	summary string
}

// InTx runs do in a transaction that counts while the lease is held, and only then: the
// lease can't be taken over before it ends, and once it has been, do does not run. Keep it
// shorter than a minute: a server that stands still in the middle of one holds
// up its successor until the database ends the transaction.
func (l *Lease) InTx(ctx context.Context, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, l.db, func(tx pgx.Tx) error {
		if err := l.hold(ctx, tx); err != nil {
			return err
		}
		return do(tx)
	})
}

// Check returns an error where the lease is not held any more. It may be lost the moment
// after.
func (l *Lease) Check(ctx context.Context) error { return l.hold(ctx, l.db) }

func (l *Lease) hold(ctx context.Context, db queries.DBTX) error {
	_, err := queries.New(db).HoldCronLease(ctx, l.task, l.token)
	if errors.Is(err, pgx.ErrNoRows) {
		return errLost
	}
	return fault.Database("hold a lease", err)
}

// maxSummary is how many bytes of a summary are kept.
const maxSummary = 200

// Tell sets what is to be said of the run, for operators and whoever started it: what
// was done, in a few words, and nothing about anybody. The last one counts.
func (l *Lease) Tell(summary string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.summary = strings.ToValidUTF8(summary[:min(len(summary), maxSummary)], "")
}

func (l *Lease) told() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.summary
}
