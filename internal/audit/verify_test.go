package audit_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/secret"
)

func TestAWholeChainIsWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	whole(t, w.verify(t), 0)
	w.fill(t)
	whole(t, w.verify(t), 12)
	changes := make([]audit.Change, 2500) // more than is read at once
	for i := range changes {
		changes[i] = w.full(i)
	}
	w.append(t, w.log, changes...)
	var told []int64
	report, err := audit.NewVerifier(w.db.Pool, w.keys, nil).Verify(t.Context(), w.studio(), audit.Span{}, func(n int64) { told = append(told, n) })
	if err != nil {
		t.Fatal(err)
	}
	whole(t, report, 2512)
	if len(told) < 3 || told[len(told)-1] != 2512 {
		t.Errorf("progress %d", told)
	}
	whole(t, w.verifyWith(t, w.keys, w.foreign(), audit.Span{}), 0)
}

// tampering is what somebody who owns the tables may do, and what gives it away.
type tampering struct {
	name     string
	sql      string // $1 is the studio, where it is used
	sequence int64
	kind     audit.Kind
	part     string // of the message
}

const entry = " WHERE tenant_id = $1 AND sequence = "

// columns change one column of an entry each, in every direction that there is.
var columns = []tampering{
	{"id", "UPDATE audit_entry SET id = gen_random_uuid()" + entry + "3", 3, audit.Changed, "id."},
	{"tenant_id", "DELETE FROM audit_entry WHERE tenant_id <> $1 AND sequence = 5; UPDATE audit_entry SET tenant_id = (SELECT id FROM tenant WHERE id <> $1)" + entry + "5", 5, audit.Missing, "6"},
	{"sequence", "UPDATE audit_entry SET sequence = 1000" + entry + "3", 3, audit.Missing, "4"},
	{"sequence", "UPDATE audit_entry SET sequence = 13" + entry + "12", 12, audit.Missing, "13"},
	{"sequence", "UPDATE audit_entry SET sequence = 5000" + entry + "12", 12, audit.Missing, "5000"}, // further than is read at once
	{"at", "UPDATE audit_entry SET at = at + interval '1 microsecond'" + entry + "12", 12, audit.Changed, "at."},
	{"at", "UPDATE audit_entry SET at = at - interval '1 day'" + entry + "1", 1, audit.Changed, "at."},
	{"actor_id", "UPDATE audit_entry SET actor_id = account_id" + entry + "3", 3, audit.Changed, "actor."},
	{"actor_id", "UPDATE audit_entry SET actor_id = NULL" + entry + "3", 3, audit.Changed, "actor."},
	{"actor_id", "UPDATE audit_entry SET actor_id = (SELECT actor_id FROM audit_entry WHERE sequence = 3 AND actor_id IS NOT NULL)" + entry + "5", 5, audit.Changed, "actor."},
	{"action", "UPDATE audit_entry SET action = 'image.extra_settled'" + entry + "3", 3, audit.Changed, "action."},
	{"job_id", "UPDATE audit_entry SET job_id = (SELECT id FROM job j WHERE j.tenant_id = $1 AND j.id <> job_id LIMIT 1)" + entry + "9", 9, audit.Changed, "job."},
	{"job_id", "UPDATE audit_entry SET job_id = NULL" + entry + "9", 9, audit.Changed, "job."},
	{"image_id", "UPDATE audit_entry SET image_id = (SELECT id FROM image i WHERE i.job_id = audit_entry.job_id AND i.id <> image_id LIMIT 1)" + entry + "3", 3, audit.Changed, "image."},
	{"image_id", "UPDATE audit_entry SET image_id = NULL" + entry + "3", 3, audit.Changed, "image."},
	{"account_id", "UPDATE audit_entry SET account_id = actor_id" + entry + "3", 3, audit.Changed, "account."},
	{"old_value", `UPDATE audit_entry SET old_value = '{"selectionState":"BLOCKED"}'` + entry + "3", 3, audit.Changed, "old."},
	{"old_value", `UPDATE audit_entry SET old_value = '{"selectionState": "NONE"}'` + entry + "3", 3, audit.Changed, ""},
	{"old_value", "UPDATE audit_entry SET old_value = NULL" + entry + "3", 3, audit.Changed, "old."},
	{"old_value", "UPDATE audit_entry SET old_value = 'no JSON'" + entry + "3", 3, audit.Changed, "column"},
	{"old_value", `UPDATE audit_entry SET old_value = old_value || ',"new":' || new_value, new_value = NULL` + entry + "3", 3, audit.Changed, "another"},
	{"new_value", `UPDATE audit_entry SET new_value = new_value || ',"reason":"Kulanz \u003c3\u003e \u0026 mehr"', reason = NULL` + entry + "3", 3, audit.Changed, "another"},
	{"new_value", `UPDATE audit_entry SET new_value = '{"selectionState":"NONE"}'` + entry + "3", 3, audit.Changed, "new."},
	{"new_value", `UPDATE audit_entry SET old_value = new_value, new_value = old_value` + entry + "3", 3, audit.Changed, "old, new."},
	{"reason", "UPDATE audit_entry SET reason = 'Kulanz'" + entry + "3", 3, audit.Changed, "reason."},
	{"reason", "UPDATE audit_entry SET reason = ''" + entry + "5", 5, audit.Changed, "reason."},
	{"reason", "UPDATE audit_entry SET reason = NULL" + entry + "3", 3, audit.Changed, "reason."},
	{"request_id", "UPDATE audit_entry SET request_id = 'another'" + entry + "3", 3, audit.Changed, "requestId."},
	{"canonical", "UPDATE audit_entry SET canonical = set_byte(canonical, 60, get_byte(canonical, 60) # 1)" + entry + "3", 3, audit.Changed, "server"},
	{"canonical", "UPDATE audit_entry SET canonical = canonical || ' '" + entry + "3", 3, audit.Changed, "server"},
	{"canonical", "UPDATE audit_entry SET canonical = ''" + entry + "3", 3, audit.Changed, "server"},
	{"prev", "UPDATE audit_entry SET prev = set_byte(prev, 31, get_byte(prev, 31) # 1)" + entry + "3", 3, audit.Changed, "server"},
	{"hash", "UPDATE audit_entry SET hash = set_byte(hash, 0, get_byte(hash, 0) # 128)" + entry + "3", 3, audit.Changed, "server"},
	{"hash", "UPDATE audit_entry SET hash = set_byte(hash, 0, get_byte(hash, 0) # 128)" + entry + "12", 12, audit.Changed, "server"},
	{"key_id", "UPDATE audit_entry SET key_id = '00000000'" + entry + "3", 3, audit.Changed, "key_id"},
	{"key_id", "UPDATE audit_entry SET key_id = '00000000', hash = sha256('')" + entry + "3", 3, audit.UnknownKey, "00000000"},
}

const (
	swap   = "UPDATE audit_entry SET sequence = 1000 WHERE tenant_id = $1 AND sequence = 3; UPDATE audit_entry SET sequence = 3 WHERE tenant_id = $1 AND sequence = 4; UPDATE audit_entry SET sequence = 4 WHERE tenant_id = $1 AND sequence = 1000"
	copied = "INSERT INTO audit_entry SELECT gen_random_uuid(), tenant_id, 13, at, actor_id, action, job_id, image_id, account_id, old_value, new_value, reason, request_id, "
	moved  = "; UPDATE audit_head h SET sequence = e.sequence, hash = e.hash FROM audit_entry e WHERE h.tenant_id = $1 AND e.tenant_id = $1 AND e.sequence = 13"
)

// rows take, move and forge entries as a whole. Statements are separated by semicolons.
var rows = []tampering{
	{"the first is deleted", "DELETE FROM audit_entry" + entry + "1", 1, audit.Missing, "2"},
	{"one is deleted", "DELETE FROM audit_entry" + entry + "7", 7, audit.Missing, "8"},
	{"several are deleted", "DELETE FROM audit_entry WHERE tenant_id = $1 AND sequence BETWEEN 4 AND 9", 4, audit.Missing, "10"},
	{"the last is deleted", "DELETE FROM audit_entry" + entry + "12", 12, audit.Cut, "12 entries"},
	{"all are deleted", "DELETE FROM audit_entry WHERE tenant_id = $1", 1, audit.Cut, "12 entries"},
	{"one is deleted and the others move up", "DELETE FROM audit_entry" + entry + "7; UPDATE audit_entry SET sequence = sequence + 1000 WHERE tenant_id = $1 AND sequence > 7; UPDATE audit_entry SET sequence = sequence - 1001 WHERE tenant_id = $1 AND sequence > 1000", 7, audit.Reordered, "sequence 8"},
	{"two are swapped", swap, 3, audit.Reordered, "sequence 4"},
	{"two are swapped, and their columns made to fit", swap + `; UPDATE audit_entry SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), '"sequence":4', '"sequence":3'), 'UTF8')` + entry + "3", 3, audit.Changed, "server"},
	{"an authentic one is added again at the end", copied + "canonical, prev, hash, key_id FROM audit_entry" + entry + "4" + moved, 13, audit.Reordered, "sequence 4"},
	{"one is forged at the end", copied + "canonical, hash, sha256('guess'), key_id FROM audit_entry" + entry + "12" + moved, 13, audit.Changed, "never wrote"},
	{"one is forged with a key of somebody's own", copied + "canonical, hash, sha256('guess'), 'abcdef01' FROM audit_entry" + entry + "12" + moved, 13, audit.UnknownKey, "abcdef01"},
	{"another studio's is put at the end", "INSERT INTO audit_entry SELECT gen_random_uuid(), $1, 13, at, NULL, action, NULL, NULL, NULL, old_value, new_value, reason, request_id, canonical, prev, hash, key_id FROM audit_entry WHERE tenant_id <> $1 AND sequence = 13" + moved, 13, audit.Reordered, "tenant"},
	{"the head forgets the last", "UPDATE audit_head SET sequence = 11, hash = (SELECT hash FROM audit_entry" + entry + "11) WHERE tenant_id = $1", 12, audit.Cut, "ends before"},
	{"the head is another", "UPDATE audit_head SET hash = sha256('') WHERE tenant_id = $1", 12, audit.Cut, "another entry"},
	{"the head is gone", "DELETE FROM audit_head WHERE tenant_id = $1", 1, audit.Cut, "up to 12"},
	{"the head promises more", "UPDATE audit_head SET sequence = 13 WHERE tenant_id = $1", 13, audit.Cut, "13 entries"},
}

func TestEveryTamperingIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(t)
	for range 13 {
		w.append(t, w.log, audit.Change{TenantID: w.ForeignTenantID, Action: audit.AccountRoleSet, RequestID: "foreign"})
	}
	restore := w.keep(t)
	for _, list := range [][]tampering{columns, rows} {
		for _, one := range list {
			for sql := range strings.SplitSeq(one.sql, ";") {
				args := []any{w.TenantID}
				if !strings.Contains(sql, "$1") {
					args = nil
				}
				w.Exec(t, sql, args...)
			}
			t.Run(one.name+" by "+one.sql, func(t *testing.T) {
				faulty(t, w.verify(t), one.sequence, one.kind, one.part)
			})
			restore()
			whole(t, w.verify(t), 12)
		}
	}
}

// Entries are read in windows: one that is there twice must not slip between two of
// them, also for somebody who takes the constraint away.
func TestAnEntryThatIsThereTwiceIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	changes := make([]audit.Change, 1002)
	for i := range changes {
		changes[i] = w.full(i)
	}
	w.append(t, w.log, changes...)
	w.Exec(t, "ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_tenant_id_sequence_key")
	restore := w.keep(t)
	for _, sequence := range []int64{1, 999, 1000, 1001, 1002} {
		w.Exec(t, "INSERT INTO audit_entry SELECT gen_random_uuid(), tenant_id, sequence, at, NULL, 'forged', NULL, NULL, NULL, NULL, NULL, NULL, 'forged', canonical, prev, hash, key_id FROM audit_entry"+entry+"$2", w.TenantID, sequence)
		if f := w.verify(t).Fault; f == nil || f.Sequence != sequence || f.Kind != audit.Changed && f.Kind != audit.Reordered { // either one comes first
			t.Errorf("entry %d twice: %v", sequence, f)
		}
		restore()
	}
	w.Exec(t, "ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_pkey")
	w.Exec(t, "INSERT INTO audit_entry SELECT * FROM kept_entry"+entry+"7", w.TenantID)
	faulty(t, w.verify(t), 7, audit.Reordered, "two entries")
}

// Lists by job and histories by picture ask for no sequence at all: what they show must
// not lie before where the proof begins, also for somebody who takes the constraint away.
func TestAnEntryBeforeTheFirstIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(t)
	w.Exec(t, "ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_sequence_check")
	restore := w.keep(t)
	for _, sequence := range []int64{0, -1, -1<<63 + 1} {
		w.Exec(t, "INSERT INTO audit_entry SELECT gen_random_uuid(), tenant_id, $2, at, actor_id, action, job_id, image_id, account_id, old_value, new_value, reason, request_id, canonical, prev, hash, key_id FROM audit_entry"+entry+"3", w.TenantID, sequence)
		faulty(t, w.verify(t), sequence, audit.Reordered, "from 1")
		restore()
	}
	whole(t, w.verify(t), 12)
}

// Whoever kept entries of a past that was cut off and grew anew can put them back: each
// is the server's own, at its own place, and only the one behind them tells.
func TestEntriesOfAnotherPastDoNotFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(t)
	w.keep(t)
	w.rewind(t, 10)
	w.append(t, w.log, w.full(21), w.full(22), w.full(23))
	whole(t, w.verify(t), 13)
	w.Exec(t, "DELETE FROM audit_entry WHERE tenant_id = $1 AND sequence IN (11, 12)", w.TenantID)
	w.Exec(t, "INSERT INTO audit_entry SELECT * FROM kept_entry WHERE tenant_id = $1 AND sequence IN (11, 12)", w.TenantID)
	faulty(t, w.verify(t), 13, audit.Reordered, "another one")
}

func TestNoColumnIsLeftOutOfTheTamperings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tried := map[string]bool{}
	for _, one := range columns {
		tried[one.name] = true
	}
	rows, err := w.db.Owner.Query(t.Context(), "SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'audit_entry'")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) < 17 {
		t.Fatalf("%d columns: %v", len(names), err)
	}
	for _, name := range names {
		if !tried[name] {
			t.Errorf("audit_entry.%s: does verify notice when it is changed?", name)
		}
	}
}

// Every entry that was ever written must verify, so none may name an unknown key.
func TestTwoRotationsVerifyWithAllTheirKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secrets := []secret.Value{"first audit secret of a test", "second audit secret of a test", "third audit secret of a test"}
	for _, value := range secrets {
		for n := range 3 {
			w.append(t, audit.NewLog(secret.NewRing(value), w.now), w.full(n))
		}
	}
	whole(t, w.verifyWith(t, secret.NewRing(secrets[2], secrets[1], secrets[0]), w.studio(), audit.Span{}), 9)
	faulty(t, w.verifyWith(t, secret.NewRing(secrets[2], secrets[1]), w.studio(), audit.Span{}), 1, audit.UnknownKey, "AUDIT_SECRET_PREVIOUS")
	faulty(t, w.verifyWith(t, secret.NewRing(secrets[2], secrets[0]), w.studio(), audit.Span{}), 4, audit.UnknownKey, secret.NewKey(secrets[1]).ID())
	faulty(t, w.verifyWith(t, secret.NewRing(secrets[1], secrets[0]), w.studio(), audit.Span{}), 7, audit.UnknownKey, "")
}

// Entries of the first version were chained without their id.
func TestEntriesOfTheFirstVersionVerify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	prev := make([]byte, 32)
	for n := 1; n <= 3; n++ {
		canonical := fmt.Appendf(nil, `{"sequence":%d,"at":"2026-05-04T10:00:00.00012Z","tenant":%q,"action":"job.created","requestId":"old"}`, n, w.TenantID.String())
		sum := w.keys.Current().MAC("audit chain", prev, canonical)
		w.Exec(t, `INSERT INTO audit_entry (id, tenant_id, sequence, at, action, request_id, canonical, prev, hash, key_id)
			VALUES (gen_random_uuid(), $1, $2, '2026-05-04T10:00:00.00012Z', 'job.created', 'old', $3, $4, $5, $6)`,
			w.TenantID, n, canonical, prev, sum[:], w.keys.Current().ID())
		prev = sum[:]
	}
	w.Exec(t, "INSERT INTO audit_head VALUES ($1, 3, $2, '2026-05-04T10:00:00.00012Z')", w.TenantID, prev)
	w.append(t, w.log, w.full(4))
	whole(t, w.verify(t), 4)
	w.Exec(t, "UPDATE audit_entry SET action = 'job.images_imported' WHERE sequence = 2")
	faulty(t, w.verify(t), 2, audit.Changed, "action")
}

func TestAPartOfAChainIsVerifiedAsAPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(t)
	for span, want := range map[audit.Span]audit.Report{
		{From: 1, Entries: 5}:           {Entries: 5, CheckedTo: 5},
		{From: 6, Entries: 5}:           {Entries: 5, CheckedTo: 10},
		{From: 11, Entries: 5}:          {Entries: 2, CheckedTo: 12, Complete: true},
		{From: 8, Entries: 5}:           {Entries: 5, CheckedTo: 12, Complete: true},
		{From: 13}:                      {CheckedTo: 12, Complete: true},
		{From: 14}:                      {CheckedTo: 12, Complete: true},
		{From: 1<<63 - 1}:               {CheckedTo: 12, Complete: true},
		{From: 1<<63 - 1, Entries: 100}: {CheckedTo: 12, Complete: true},
		{From: -4, Entries: 1}:          {Entries: 1, CheckedTo: 1},
		{From: 12, Entries: 1<<63 - 1}:  {Entries: 1, CheckedTo: 12, Complete: true},
	} {
		if got := w.verifyWith(t, w.keys, w.studio(), span); got != want {
			t.Errorf("%+v: %+v, %v; want %+v", span, got, got.Fault, want)
		}
	}
	w.Exec(t, "DELETE FROM audit_entry WHERE sequence = 6")
	faulty(t, w.verifyWith(t, w.keys, w.studio(), audit.Span{From: 6, Entries: 2}), 6, audit.Missing, "7")
	faulty(t, w.verifyWith(t, w.keys, w.studio(), audit.Span{From: 7}), 6, audit.Missing, "7") // what the first one hangs on
	if got := w.verifyWith(t, w.keys, w.studio(), audit.Span{From: 2, Entries: 4}); got.Fault != nil || got.Complete {
		t.Errorf("before the gap: %+v", got)
	}
	w.Exec(t, "DELETE FROM audit_entry WHERE sequence > 6")
	faulty(t, w.verifyWith(t, w.keys, w.studio(), audit.Span{From: 9}), 8, audit.Cut, "12 entries")
}

func TestAChainThatGrowsIsWholeAtEveryMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withBucket(t)
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for n := range 4 {
		writers.Go(func() {
			for ctx.Err() == nil {
				w.append(t, w.log, w.full(n), w.full(n))
			}
		})
	}
	anchors := 0
	for deadline := time.Now().Add(30 * time.Second); anchors < 10 && time.Now().Before(deadline); {
		w.anchor(t)
		got := w.verify(t)
		if anchors = got.Anchors; got.Fault != nil || !got.Complete {
			t.Errorf("%+v: %v", got, got.Fault)
			break
		}
	}
	stop()
	writers.Wait()
	if anchors < 10 {
		t.Errorf("only %d anchors", anchors)
	}
}

func TestADatabaseThatIsAwayIsNoWholeChain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	report, err := audit.NewVerifier(w.db.Pool, w.keys, nil).Verify(ctx, w.studio(), audit.Span{}, nil)
	if !fault.Is(err, fault.Unavailable) || !errors.Is(err, context.Canceled) || report.Complete {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestHashesAreTheDocumentedOnes(t *testing.T) {
	t.Parallel()
	// As docs/audit.md has it: the key, a purpose and two parts, each with its length.
	sum := secret.NewKey("a secret").MAC("audit chain", make([]byte, 32), []byte("{}"))
	const want = "bf5805ffa745275c53e0b82e7d891670ee49e7537d8a19bc1d2dd225b562035d" // by Python's hmac
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("got %s", got)
	}
}
