package audit

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pixgate/internal/id"
	"pixgate/queries"
)

// marshalled is the canonical form as Append makes it.
func marshalled(t *testing.T, e *queries.AuditEntry) string {
	t.Helper()
	c := canonical{
		Sequence: e.Sequence, At: e.At.UTC().Format(time.RFC3339Nano), Tenant: e.TenantID.String(), Actor: text(e.ActorID), Action: Action(e.Action),
		Job: text(e.JobID), Image: text(e.ImageID), Account: text(e.AccountID), RequestID: e.RequestID,
	}
	if strings.HasPrefix(string(e.Canonical), `{"id":`) {
		c.ID = e.ID.String()
	}
	if e.OldValue != nil {
		c.Old = json.RawMessage(*e.OldValue)
	}
	if e.NewValue != nil {
		c.New = json.RawMessage(*e.NewValue)
	}
	if e.Reason != nil {
		c.Reason = *e.Reason
	}
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// FuzzTheCanonicalFormIsWhatJSONMakesOfIt holds the encoder that verification uses
// against the one that entries are written with.
func FuzzTheCanonicalFormIsWhatJSONMakesOfIt(f *testing.F) {
	f.Add(int64(1), int64(0), "job.created", "Kulanz", `{"a":1}`, "request", uint8(0xff))
	f.Add(int64(812), int64(1_700_000_000_123_456), "a<b>&\u2028\u2029\x7f", "\x00\x1f\"\\\b\f\n\r\t\xff\xed\xa0\x80é😀", `["<>"]`, "", uint8(0x1f))
	f.Add(int64(-1), int64(1_700_000_000_120_000), "", "x", `null`, "\u2027\u202a", uint8(0))
	f.Fuzz(func(t *testing.T, sequence, micro int64, action, reason, value, request string, parts uint8) {
		at := time.UnixMicro(micro % 253_402_300_799_999_999)
		e := &queries.AuditEntry{ID: id.New(time.Now()), TenantID: id.New(time.Now()), Sequence: sequence, At: at, Action: action, RequestID: request}
		if parts&1 != 0 {
			e.Canonical = []byte(`{"id":`)
		}
		some := func(bit uint8) *id.ID {
			if parts&bit == 0 {
				return nil
			}
			return new(id.New(time.Now()))
		}
		e.ActorID, e.JobID, e.ImageID, e.AccountID = some(2), some(4), some(8), some(16)
		encoded, err := encode(value)
		if json.Valid([]byte(value)) && parts&32 != 0 {
			encoded, err = encode(json.RawMessage(value))
		}
		if err != nil {
			t.Fatal(err)
		}
		if parts&64 != 0 {
			e.OldValue = nullable(string(encoded))
		}
		if parts&128 != 0 {
			e.NewValue, e.Reason = nullable(string(encoded)), nullable(reason)
		}
		if got, want := string(appendCanonical(nil, e)), marshalled(t, e); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}

// What Append never writes must not look like something that it wrote.
func TestColumnsThatNobodyWroteAreNotTakenForOthers(t *testing.T) {
	t.Parallel()
	whole := queries.AuditEntry{Sequence: 1, OldValue: new(`{"a":1}`)}
	for name, other := range map[string]queries.AuditEntry{
		"a value with a space": {Sequence: 1, OldValue: new(`{"a": 1}`)},
		"an empty reason":      {Sequence: 1, OldValue: new(`{"a":1}`), Reason: new("")},
		"an empty value":       {Sequence: 1, OldValue: new(`{"a":1}`), NewValue: new("")},
	} {
		if string(appendCanonical(nil, &other)) == string(appendCanonical(nil, &whole)) {
			t.Errorf("%s: the same bytes", name)
		}
	}
}
