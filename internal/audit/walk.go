package audit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/secret"
	"pixgate/queries"
)

// window is how many sequences are read at once. Entries are read by their sequences and
// not by their number, so that one that is there twice is seen.
const window = 1000

// walk is one way along a chain.
type walk struct {
	*Verifier
	studio   Studio
	q        *queries.Queries
	first    int64      // the first sequence that counts
	next     int64      // the sequence that has to come now
	limit    int64      // the last one to look at
	prev     []byte     // the hash that it has to follow; nil: whichever
	anchors  []anchored // of what is ahead, in order
	scratch  []byte
	progress func(int64)
	report   Report
}

// run walks to the limit or the end of the chain; nil for no fault.
func (w *walk) run(ctx context.Context) (*Fault, error) {
	if w.first > 1 { // the entry before is where the first one hangs
		w.next, w.prev = w.first-1, nil
	}
	w.report.CheckedTo = w.next - 1
	after := w.next - 1
	if after == 0 { // the API shows them as well
		after = math.MinInt64
	}
	for w.next <= w.limit {
		through := min(w.limit, w.next+window-1)
		if through < w.next { // at the end of numbers
			through = w.limit
		}
		rows, err := w.q.AuditSpan(ctx, queries.AuditSpanParams{TenantID: w.studio.ID, After: after, Through: through, MaxRows: window + 1})
		if err != nil {
			return nil, err
		}
		for i := range rows {
			if wrong := w.step(&rows[i]); wrong != nil {
				return wrong, nil
			}
		}
		if w.progress != nil {
			w.progress(w.report.Entries)
		}
		if w.next <= through {
			break // a gap, or the end
		}
		after = w.next - 1
	}
	beyond, err := w.q.NextAuditSequence(ctx, w.studio.ID, w.next-1)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return w.end(ctx)
	case err != nil:
		return nil, err
	case w.next <= w.limit:
		return missing(w.next, beyond), nil
	}
	return nil, nil // there is more, for another time
}

func missing(sequence, beyond int64) *Fault {
	return &Fault{sequence, Missing, fmt.Sprintf("There is no such entry, though there is one of sequence %d.", beyond)}
}

// step judges one entry and the anchor that is about it.
func (w *walk) step(e *queries.AuditEntry) *Fault {
	if wrong := w.judge(e); wrong != nil {
		return wrong
	}
	w.next, w.prev, w.report.CheckedTo = e.Sequence+1, e.Hash, e.Sequence
	if e.Sequence >= w.first {
		w.report.Entries++
	}
	for len(w.anchors) > 0 && w.anchors[0].sequence == e.Sequence {
		if wrong := w.anchors[0].against(e.Hash); wrong != nil {
			w.report.CheckedTo--
			return wrong
		}
		w.anchors = w.anchors[1:]
		w.report.Anchors++
	}
	return nil
}

// judge holds an entry against its own hash, its columns, and the entry before it.
func (w *walk) judge(e *queries.AuditEntry) *Fault {
	switch {
	case e.Sequence < 1:
		return &Fault{e.Sequence, Reordered, "The server numbers its entries from 1."}
	case e.Sequence > w.next:
		return missing(w.next, e.Sequence)
	case e.Sequence < w.next:
		return &Fault{e.Sequence, Reordered, "There are two entries of this sequence."}
	}
	key, known := w.keys.ByID(e.KeyID)
	if !known {
		return w.unknown(e)
	}
	if !holds(key, e) {
		return &Fault{e.Sequence, Changed, "The chained bytes, the hash or the hash before are not what the server wrote, or it never wrote this entry."}
	}
	w.scratch = appendCanonical(w.scratch[:0], e)
	if !bytes.Equal(w.scratch, e.Canonical) {
		return differing(e)
	}
	if !isValue(e.OldValue) || !isValue(e.NewValue) {
		return &Fault{e.Sequence, Changed, "Not what was chained: one column holds what belongs into another."}
	}
	if w.prev != nil && !bytes.Equal(e.Prev, w.prev) {
		return &Fault{e.Sequence, Reordered, "The server wrote this entry behind another one than it follows."}
	}
	return nil
}

func holds(key secret.Key, e *queries.AuditEntry) bool {
	sum := key.MAC(chainPurpose, e.Prev, e.Canonical)
	return hmac.Equal(sum[:], e.Hash)
}

// unknown judges an entry whose key is none of ours: its name may be all that was changed.
func (w *walk) unknown(e *queries.AuditEntry) *Fault {
	for _, key := range w.keys.All() {
		if holds(key, e) {
			return &Fault{e.Sequence, Changed, "The column key_id names another key than the one that made the hash."}
		}
	}
	return &Fault{e.Sequence, UnknownKey, fmt.Sprintf(
		"It was chained with key %q, which is neither AUDIT_SECRET nor one of AUDIT_SECRET_PREVIOUS.", e.KeyID)}
}

// differing names what of an entry is not as it was chained. The chained bytes are the
// server's own.
func differing(e *queries.AuditEntry) *Fault {
	var is, was map[string]json.RawMessage
	if json.Unmarshal(e.Canonical, &was) != nil {
		return &Fault{e.Sequence, Changed, "The chained bytes can't be read."}
	}
	for name, inTable := range map[string]string{"sequence": fmt.Sprint(e.Sequence), "tenant": `"` + e.TenantID.String() + `"`} {
		if string(was[name]) != inTable {
			return &Fault{e.Sequence, Reordered, fmt.Sprintf("The server wrote this entry with %s %s.", name, was[name])}
		}
	}
	message := "A column is not what was chained."
	if json.Unmarshal(appendCanonical(nil, e), &is) == nil {
		var names []string
		for _, name := range []string{"id", "at", "actor", "action", "job", "image", "account", "old", "new", "reason", "requestId"} {
			if !bytes.Equal(is[name], was[name]) {
				names = append(names, name)
			}
		}
		message = "Not what was chained: " + strings.Join(names, ", ") + "."
	}
	return &Fault{e.Sequence, Changed, message}
}

// end judges the end of a chain: the head, and anchors of what is not there.
func (w *walk) end(ctx context.Context) (*Fault, error) {
	last := w.next - 1
	head, err := w.q.AuditHead(ctx, w.studio.ID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, err
	}
	if w.prev == nil { // there is no entry from the first on, nor the one before
		last = min(last, head.Sequence)
	}
	switch {
	case head.Sequence > last:
		return &Fault{last + 1, Cut, fmt.Sprintf("The chain ends before this, but its head says that there were %d entries.", head.Sequence)}, nil
	case head.Sequence < last:
		return &Fault{head.Sequence + 1, Cut, fmt.Sprintf("The chain's head says that it ends before this, but there are entries up to %d.", last)}, nil
	case last > 0 && w.prev != nil && !bytes.Equal(head.Hash, w.prev):
		return &Fault{last, Cut, "The chain's head says that it ended with another entry."}, nil
	}
	if len(w.anchors) > 0 { // of what is not there
		first := w.anchors[0]
		if first.wrong != nil {
			return first.wrong, nil
		}
		return &Fault{last + 1, Cut, fmt.Sprintf("The chain ends before this, but the anchor of %s says that there were %d entries.", first.At, first.sequence)}, nil
	}
	w.report.CheckedTo, w.report.Complete = last, true
	return nil, nil
}
