package audit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/secret"
	"pixgate/queries"
)

// Store is where anchors lie. Its errors say that it is away, never that a key is.
type Store interface {
	// List walks the keys that begin with prefix.
	List(ctx context.Context, prefix string) iter.Seq2[string, error]
	// Get returns what lies under a key, at most so many bytes of it; nil for nothing.
	Get(ctx context.Context, key string, most int64) ([]byte, error)
	// Put lays data under a key.
	Put(ctx context.Context, key, contentType string, data []byte) error
}

// Anchor says, signed, that a studio's chain had this entry. Kept where the chain's
// owner can't change it, it shows when the chain's end was cut off.
type Anchor struct {
	Tenant   string `json:"tenant"`
	Sequence int64  `json:"sequence"`
	Hash     string `json:"hash"` // of the entry, hexadecimal
	At       string `json:"at"`   // when the anchor was made
	KeyID    string `json:"keyId"`
	MAC      string `json:"mac"` // over the texts above but the key's, hexadecimal
}

const (
	anchorPurpose = "audit anchor"
	maxAnchor     = 4096 // bytes; one has about 350
)

func (a *Anchor) mac(key secret.Key) string {
	sum := key.MAC(anchorPurpose, []byte(a.Tenant), strconv.AppendInt(nil, a.Sequence, 10), []byte(a.Hash), []byte(a.At))
	return hex.EncodeToString(sum[:])
}

// anchorRoot is what the keys of all anchors begin with.
const anchorRoot = "audit/"

func anchorFolder(slug string) string { return anchorRoot + slug + "/" }

func anchorKey(slug string, sequence int64) string {
	return fmt.Sprintf("%s%020d.json", anchorFolder(slug), sequence)
}

// anchorSequence is what the key of an anchor says; other keys are no anchors'.
func anchorSequence(slug, key string) (int64, bool) {
	name, _ := strings.CutPrefix(key, anchorFolder(slug))
	digits, isJSON := strings.CutSuffix(name, ".json")
	sequence, err := strconv.ParseInt(digits, 10, 64)
	return sequence, isJSON && err == nil && sequence > 0 && key == anchorKey(slug, sequence)
}

// Anchors makes the anchors.
type Anchors struct {
	db    queries.DBTX
	keys  secret.Ring
	store Store
	now   func() time.Time
	log   *slog.Logger
}

// NewAnchors returns the anchors of the chains in db.
func NewAnchors(db queries.DBTX, keys secret.Ring, store Store, now func() time.Time, log *slog.Logger) *Anchors {
	return &Anchors{db: db, keys: keys, store: store, now: now, log: log}
}

// Write anchors the end of every studio's chain, in the storage and in the log. A chain
// that has not grown has its anchor already, which is never written over. It goes on
// after a studio that it failed for.
func (a *Anchors) Write(ctx context.Context) error {
	all, err := studios(ctx, a.db)
	if err != nil {
		return err
	}
	var failed error
	for _, studio := range all {
		if err := a.write(ctx, studio); err != nil {
			failed = errors.Join(failed, fmt.Errorf("anchor the audit log of %s: %w", studio.Slug, err))
		}
	}
	return failed
}

func (a *Anchors) write(ctx context.Context, studio Studio) error {
	head, err := queries.New(a.db).AuditHead(ctx, studio.ID)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && head.Sequence == 0 {
		return nil
	}
	if err != nil {
		return fault.Database("read the audit chain's head", err)
	}
	key := anchorKey(studio.Slug, head.Sequence)
	kept, err := a.store.Get(ctx, key, maxAnchor)
	if err != nil {
		return err
	}
	if kept != nil {
		if known := readAnchor(kept, a.keys, studio.ID, head.Sequence); known.against(head.Hash) != nil {
			a.log.LogAttrs(ctx, slog.LevelError, "security event", slog.String("event", "AUDIT_ANCHOR_CONTRADICTED"),
				slog.String("studio", studio.Slug), slog.Int64("sequence", head.Sequence))
		}
		return nil
	}
	anchor := Anchor{
		Tenant: studio.ID.String(), Sequence: head.Sequence, Hash: hex.EncodeToString(head.Hash),
		At: a.now().UTC().Format(time.RFC3339Nano), KeyID: a.keys.Current().ID(),
	}
	anchor.MAC = anchor.mac(a.keys.Current())
	data, err := json.Marshal(anchor)
	if err != nil {
		return fmt.Errorf("encode an anchor: %w", err)
	}
	if err := a.store.Put(ctx, key, "application/json", data); err != nil {
		return err
	}
	a.log.LogAttrs(ctx, slog.LevelInfo, "audit anchor", slog.String("studio", studio.Slug), slog.Int64("sequence", anchor.Sequence),
		slog.String("hash", anchor.Hash), slog.String("anchoredAt", anchor.At), slog.String("keyId", anchor.KeyID), slog.String("mac", anchor.MAC))
	return nil
}

// anchored is an anchor as it was found under the key of a sequence.
type anchored struct {
	Anchor
	sequence int64
	wrong    *Fault // what is wrong with it, whatever the chain says
}

// readAnchor judges what lies under the key of an anchor.
func readAnchor(data []byte, keys secret.Ring, tenantID id.ID, sequence int64) anchored {
	found := anchored{sequence: sequence}
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&found.Anchor); err != nil {
		found.wrong = &Fault{sequence, Anchored, "What lies in the anchor's place is no anchor."}
		return found
	}
	key, known := keys.ByID(found.KeyID)
	switch {
	case !known:
		found.wrong = &Fault{sequence, UnknownKey, fmt.Sprintf(
			"Its anchor was signed with key %q, which is neither AUDIT_SECRET nor one of AUDIT_SECRET_PREVIOUS.", found.KeyID)}
	case !hmac.Equal([]byte(found.mac(key)), []byte(found.MAC)):
		found.wrong = &Fault{sequence, Anchored, "The server never signed its anchor."}
	case found.Tenant != tenantID.String() || found.Sequence != sequence:
		found.wrong = &Fault{sequence, Anchored, "Its anchor was made for another entry."}
	}
	return found
}

// against holds an anchor against the hash that the chain has; nil where they agree.
func (a *anchored) against(hash []byte) *Fault {
	if a.wrong == nil && a.Hash != hex.EncodeToString(hash) {
		return &Fault{a.sequence, Anchored, fmt.Sprintf("At %s there was another entry in its place, says its anchor.", a.At)}
	}
	return a.wrong
}
