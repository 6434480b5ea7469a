package journal

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

const (
	exportedAtOnce = 1000 // sequences
	// How many entries, and how long, an export may go on before it asks again whether
	// its reader is still an admin.
	entriesBetweenChecks = 4000
	timeBetweenChecks    = 5 * time.Second
)

// line is an entry as it is exported: what was chained, byte by byte, and with what.
type line struct {
	ID        string `json:"id"`
	Sequence  int64  `json:"sequence"`
	Canonical string `json:"canonical"`
	Prev      string `json:"prev"` // hexadecimal
	Hash      string `json:"hash"`
	KeyID     string `json:"keyId"`
}

// end is an export's last line. Sequence and hash are the chain's end, as its head has it.
type end struct {
	Sequence int64  `json:"sequence"`
	Hash     string `json:"hash"`
	Entries  int64  `json:"entries"` // in this file
}

// Export is a studio's chain on its way out.
type Export struct {
	journal *Journal
	viewer  account.Viewer
	after   int64
	head    queries.AuditHeadRow
}

// Export begins to let the chain of the viewer's studio out, as it is now, behind a
// sequence. Nothing is read yet. Admins only.
func (j *Journal) Export(ctx context.Context, v account.Viewer, after int64) (*Export, error) {
	if err := v.Require(account.Admin, j.Now()); err != nil {
		return nil, err
	}
	head, err := queries.New(j.DB).AuditHead(ctx, v.TenantID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.Database("read the audit chain's head", err)
	}
	return &Export{journal: j, viewer: v, after: after, head: head}, nil
}

// Send writes the entries, a line each and oldest first, and a last line that says that
// it is the last. An error means that what was written is not the whole. It holds
// nothing back and leaves nothing out, also of a chain that is broken.
func (e *Export) Send(ctx context.Context, w io.Writer) error {
	q, out := queries.New(e.journal.DB), json.NewEncoder(w)
	out.SetEscapeHTML(false)
	sent, checked, asked := int64(0), int64(0), time.Now()
	for after := e.after; after < e.head.Sequence; {
		through := e.head.Sequence
		if through-after > exportedAtOnce {
			through = after + exportedAtOnce
		}
		rows, err := q.AuditSpan(ctx, queries.AuditSpanParams{TenantID: e.viewer.TenantID, After: after, Through: through, MaxRows: 2 * exportedAtOnce})
		if err != nil {
			return fault.Database("read the audit chain", err)
		}
		for i := range rows {
			if err := out.Encode(lineOf(&rows[i])); err != nil {
				return fmt.Errorf("write an audit entry: %w", err)
			}
			sent++
		}
		if after = through; len(rows) == 0 {
			if after, err = e.past(ctx, q, after); err != nil {
				return err
			}
		}
		if sent-checked >= entriesBetweenChecks || time.Since(asked) > timeBetweenChecks {
			if err := e.check(ctx); err != nil {
				return err
			}
			checked, asked = sent, time.Now()
		}
	}
	last := map[string]end{"end": {Sequence: e.head.Sequence, Hash: hex.EncodeToString(e.head.Hash), Entries: sent}}
	if err := out.Encode(last); err != nil {
		return fmt.Errorf("write the end of the audit log: %w", err)
	}
	return nil
}

func lineOf(row *queries.AuditEntry) line {
	return line{
		ID: id.Audit.Format(row.ID), Sequence: row.Sequence, Canonical: string(row.Canonical),
		Prev: hex.EncodeToString(row.Prev), Hash: hex.EncodeToString(row.Hash), KeyID: row.KeyID,
	}
}

// past returns where to go on behind a gap, however wide.
func (e *Export) past(ctx context.Context, q *queries.Queries, after int64) (int64, error) {
	next, err := q.NextAuditSequence(ctx, e.viewer.TenantID, after)
	if errors.Is(err, pgx.ErrNoRows) {
		return e.head.Sequence, nil
	}
	return next - 1, fault.Database("read the audit chain", err)
}

// check asks whether the reader is still an admin, with a session that lives.
func (e *Export) check(ctx context.Context) error {
	v, err := e.journal.Sessions.ByID(ctx, e.viewer.TenantID, e.viewer.SessionID)
	if err != nil {
		return err
	}
	return v.Require(account.Admin, e.journal.Now())
}
