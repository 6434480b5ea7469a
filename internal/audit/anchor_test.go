package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/audit/vault"
	"pixgate/internal/blob"
	"pixgate/internal/fault"
	"pixgate/internal/logs"
	"pixgate/internal/secret"
)

// lying returns the keys in the storage, and what lies under each.
func (w *world) lying(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for object, err := range w.bucket.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := w.bucket.Get(t.Context(), object.Key, blob.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(body)
		if err := errors.Join(err, body.Close()); err != nil {
			t.Fatal(err)
		}
		all[object.Key] = string(data)
	}
	return all
}

func (w *world) put(t *testing.T, key, data string) {
	t.Helper()
	if _, err := w.bucket.Put(t.Context(), key, "application/json", []byte(data)); err != nil {
		t.Fatal(err)
	}
}

func TestAChainThatGrewIsAnchoredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withBucket(t)
	var said bytes.Buffer
	anchors := w.anchors(w.keys, logs.New(&said, slog.LevelInfo))
	write := func(want int) {
		t.Helper()
		said.Reset()
		if err := anchors.Write(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(said.String(), `"msg":"audit anchor"`); got != want || strings.Count(said.String(), "\n") != want {
			t.Errorf("%d lines about anchors, want %d: %s", got, want, said.String())
		}
	}
	write(0) // nothing to anchor
	w.fill(t)
	write(1)
	first := w.lying(t)
	var anchor audit.Anchor
	if err := json.Unmarshal([]byte(first[anchorPath(12)]), &anchor); err != nil || len(first) != 1 {
		t.Fatalf("%v: %q", err, first)
	}
	if anchor.Tenant != w.TenantID.String() || anchor.Sequence != 12 || !strings.Contains(said.String(), anchor.Hash) || !strings.Contains(said.String(), anchor.MAC) || !strings.Contains(said.String(), `"sequence":12`) {
		t.Errorf("%+v; the log says %s", anchor, said.String())
	}
	w.later.Store(int64(time.Hour))
	write(0)
	if again := w.lying(t); again[anchorPath(12)] != first[anchorPath(12)] {
		t.Error("an anchor was written over")
	}
	w.append(t, w.log, w.full(13))
	w.append(t, w.log, audit.Change{TenantID: w.ForeignTenantID, Action: audit.AccountRoleSet, RequestID: "foreign"})
	write(2)
	if got := len(w.lying(t)); got != 3 {
		t.Errorf("%d anchors, want 3", got)
	}
	report := w.verify(t)
	whole(t, report, 13)
	if report.Anchors != 2 {
		t.Errorf("%d anchors verified, want 2", report.Anchors)
	}
}

// Cutting the tail and rewinding the head leaves a chain that is whole in itself.
// Only what lies elsewhere can tell.
func TestATailThatWasCutBehindAnAnchorShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withBucket(t)
	w.fill(t)
	w.rewind(t, 11)
	whole(t, w.verify(t), 11) // nobody knows better
	w.anchor(t)
	w.append(t, w.log, w.full(12), w.full(13))
	w.anchor(t)
	w.rewind(t, 10)
	faulty(t, w.verify(t), 11, audit.Cut, "11 entries") // of the first anchor past the end
	faulty(t, w.verifyWith(t, w.keys, w.studio(), audit.Span{From: 5, Entries: 6}), 11, audit.Cut, "13 entries")
	report, err := audit.NewVerifier(w.db.Pool, w.keys, nil).Verify(t.Context(), w.studio(), audit.Span{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole(t, report, 10) // that is what leaving the anchors out costs

	// Growing anew does not hide it either, and the new end does not replace the anchor.
	w.append(t, w.log, w.full(11), w.full(12), w.full(13))
	var said bytes.Buffer
	if err := w.anchors(w.keys, logs.New(&said, slog.LevelInfo)).Write(t.Context()); err != nil || !strings.Contains(said.String(), "AUDIT_ANCHOR_CONTRADICTED") {
		t.Errorf("%v; the log says %s", err, said.String())
	}
	faulty(t, w.verify(t), 11, audit.Anchored, "another entry")
	w.rewind(t, 0)
	w.Exec(t, "DELETE FROM audit_head WHERE tenant_id = $1", w.TenantID)
	faulty(t, w.verify(t), 1, audit.Cut, "entries")
}

func TestAnAnchorThatTheServerDidNotMakeShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withBucket(t)
	w.fill(t)
	w.anchor(t)
	good := w.lying(t)[anchorPath(12)]
	forge := func(change func(*audit.Anchor)) string {
		var anchor audit.Anchor
		if err := json.Unmarshal([]byte(good), &anchor); err != nil {
			t.Fatal(err)
		}
		change(&anchor)
		data, err := json.Marshal(anchor)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, one := range []struct {
		name, data string
		sequence   int
		kind       audit.Kind
		part       string
	}{
		{"another hash", forge(func(a *audit.Anchor) { a.Hash = strings.Repeat("0", 64) }), 12, audit.Anchored, "never signed"},
		{"another time", forge(func(a *audit.Anchor) { a.At = "2026-01-01T00:00:00Z" }), 12, audit.Anchored, "never signed"},
		{"another studio", forge(func(a *audit.Anchor) { a.Tenant = w.ForeignTenantID.String() }), 12, audit.Anchored, "never signed"},
		{"another sequence", forge(func(a *audit.Anchor) { a.Sequence = 11 }), 12, audit.Anchored, "never signed"},
		{"no signature", forge(func(a *audit.Anchor) { a.MAC = "" }), 12, audit.Anchored, "never signed"},
		{"an unknown key", forge(func(a *audit.Anchor) { a.KeyID = "abcdef01" }), 12, audit.UnknownKey, "abcdef01"},
		{"one in another's place", good, 7, audit.Anchored, "another entry"},
		{"one in the future", good, 99, audit.Anchored, "another entry"},
		{"nothing", "", 12, audit.Anchored, "no anchor"},
		{"no JSON", "anchor", 12, audit.Anchored, "no anchor"},
		{"something long", strings.Repeat(" ", 10_000) + good, 12, audit.Anchored, "no anchor"},
		{"something more", strings.Replace(good, "{", `{"more":1,`, 1), 12, audit.Anchored, "no anchor"},
	} {
		w.put(t, anchorPath(one.sequence), one.data)
		t.Run(one.name, func(t *testing.T) { faulty(t, w.verify(t), int64(one.sequence), one.kind, one.part) })
		if err := w.bucket.Delete(t.Context(), anchorPath(one.sequence)); err != nil {
			t.Fatal(err)
		}
		w.put(t, anchorPath(12), good)
		whole(t, w.verify(t), 12)
	}
	for _, name := range []string{"audit/studio/readme.txt", "audit/studio/12.json", "audit/studio/00000000000000000000.json", "audit/studios/00000000000000000001.json"} {
		w.put(t, name, "not an anchor's name")
	}
	whole(t, w.verify(t), 12)
}

func TestAnchorsOutliveTheirKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withBucket(t)
	w.fill(t)
	w.anchor(t)
	w.keys = secret.NewRing("the next audit secret of a test", auditSecret)
	w.log = audit.NewLog(w.keys, w.now)
	w.append(t, w.log, w.full(13))
	w.anchor(t)
	report := w.verify(t)
	whole(t, report, 13)
	if report.Anchors != 2 {
		t.Errorf("%d anchors, want 2", report.Anchors)
	}
}

// A part of a chain with more anchors than one look may read ends at the last of them.
func TestManyAnchorsEndAPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withBucket(t)
	for n := range 6 {
		w.append(t, w.log, w.full(n), w.full(n))
		w.anchor(t)
	}
	got := w.verifyWith(t, w.keys, w.studio(), audit.Span{From: 1, Entries: 100, Anchors: 2})
	if want := (audit.Report{Entries: 4, Anchors: 2, CheckedTo: 4}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	got = w.verifyWith(t, w.keys, w.studio(), audit.Span{From: 5, Entries: 100, Anchors: 4})
	if want := (audit.Report{Entries: 8, Anchors: 4, CheckedTo: 12, Complete: true}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// silent is a storage that is away, at one of the things that it does.
type silent struct {
	audit.Store
	at string
}

var errSilent = fault.Away("storage", errors.New("no answer"))

func (s silent) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	if s.at != "list" {
		return s.Store.List(ctx, prefix)
	}
	return func(yield func(string, error) bool) { yield("", errSilent) }
}

func (s silent) Get(ctx context.Context, key string, most int64) ([]byte, error) {
	if s.at != "get" {
		return s.Store.Get(ctx, key, most)
	}
	return nil, errSilent
}

func (s silent) Put(ctx context.Context, key, contentType string, data []byte) error {
	if s.at != "put" {
		return s.Store.Put(ctx, key, contentType, data)
	}
	return errSilent
}

func TestAStorageThatIsAwayIsNoWholeChain(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withBucket(t)
	w.fill(t)
	w.anchor(t)
	gone, err := blob.Open(t.Context(), blob.Options{Endpoint: "http://127.0.0.1:9", Region: "auto", Bucket: "pictures", AccessKeyID: "id", SecretAccessKey: "key"})
	if err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]audit.Store{"list": silent{w.store(), "list"}, "get": silent{w.store(), "get"}, "everything": vault.New(gone)} {
		report, err := audit.NewVerifier(w.db.Pool, w.keys, store).Verify(t.Context(), w.studio(), audit.Span{}, nil)
		if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "storage") || report.Complete {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
	}
	w.append(t, w.log, w.full(13))
	for _, store := range []audit.Store{silent{w.store(), "get"}, silent{w.store(), "put"}, vault.New(gone)} {
		err := audit.NewAnchors(w.db.Pool, w.keys, store, w.now, slog.New(slog.DiscardHandler)).Write(t.Context())
		if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "anchor the audit log of studio") {
			t.Errorf("%v", err)
		}
	}
	if got := len(w.lying(t)); got != 1 {
		t.Errorf("%d anchors, want 1", got)
	}
}
