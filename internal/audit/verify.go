package audit

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/secret"
	"pixgate/queries"
)

// Studio is whose chain it is.
type Studio struct {
	ID   id.ID
	Slug string
}

// Kind says what is wrong with a chain.
type Kind string

// The kinds.
const (
	Missing    Kind = "MISSING"     // an entry is not there
	Changed    Kind = "CHANGED"     // an entry is not what was chained, or the server never wrote it
	Reordered  Kind = "REORDERED"   // the server wrote the entry, but not at this place
	Cut        Kind = "CUT"         // the end is gone: the head or an anchor knows of more
	UnknownKey Kind = "UNKNOWN_KEY" // made with a secret that is neither the current one nor a previous one
	Anchored   Kind = "ANCHOR"      // an anchor contradicts the chain, or the server never made it
)

// Fault is the first thing that is wrong with a chain.
type Fault struct {
	Sequence int64 // where
	Kind     Kind
	Message  string // a sentence for a person
}

// Report is what a look at a chain came to. Without a Fault everything up to CheckedTo
// is as the server wrote it.
type Report struct {
	Entries   int64
	Anchors   int
	CheckedTo int64 // the last sequence that is right; 0 for none
	Complete  bool  // the end of the chain was reached, and is its end
	Fault     *Fault
}

// Span is the part of a chain to verify; the zero Span is all of it.
type Span struct {
	From    int64 // the first sequence; what is before it is taken to be right
	Entries int64 // how many at most; 0: to the end
	Anchors int   // likewise
}

// Verifier proves chains, or names the first place that is not as the server wrote it.
type Verifier struct {
	db    *pgxpool.Pool
	keys  secret.Ring
	store Store
}

// NewVerifier returns a Verifier. keys are all that ever chained an entry; store holds
// the anchors, nil leaves them out.
func NewVerifier(db *pgxpool.Pool, keys secret.Ring, store Store) *Verifier {
	return &Verifier{db: db, keys: keys, store: store}
}

// Studios are all of the installation, the oldest first.
func (v *Verifier) Studios(ctx context.Context) ([]Studio, error) { return studios(ctx, v.db) }

func studios(ctx context.Context, db queries.DBTX) ([]Studio, error) {
	rows, err := queries.New(db).Tenants(ctx)
	if err != nil {
		return nil, fault.Database("list the studios", err)
	}
	all := make([]Studio, len(rows))
	for i, row := range rows {
		all[i] = Studio{ID: row.ID, Slug: row.Slug}
	}
	return all, nil
}

// Verify walks a studio's chain, in pages, until its end or the first fault. progress
// is told now and then how many entries it has seen; nil for nobody. An error means
// that it could not be verified, be it right or wrong.
func (v *Verifier) Verify(ctx context.Context, studio Studio, span Span, progress func(entries int64)) (Report, error) {
	w := &walk{Verifier: v, studio: studio, next: max(span.From, 1), limit: math.MaxInt64, prev: start[:], progress: progress}
	w.first = w.next
	if span.Entries > 0 && w.first <= math.MaxInt64-span.Entries {
		w.limit = w.first + span.Entries - 1
	}
	if v.store != nil {
		// Before the database is looked at: what they tell of is in there already.
		if err := w.readAnchors(ctx, span.Anchors); err != nil {
			return Report{}, err
		}
	}
	// One snapshot, so that chain and head belong together while others write.
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, v.db, snapshot, func(tx pgx.Tx) (err error) {
		w.q = queries.New(tx)
		w.report.Fault, err = w.run(ctx)
		return err
	})
	if err != nil {
		return Report{}, fault.Database("verify an audit chain", err)
	}
	return w.report, nil
}

// String is the fault in one line.
func (f *Fault) String() string {
	return fmt.Sprintf("sequence %d: %s: %s", f.Sequence, f.Kind, f.Message)
}
