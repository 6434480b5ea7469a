package files_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/audit/vault"
	"pixgate/internal/blob"
	"pixgate/internal/dev/cast"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/secret"
)

const (
	oldAuditSecret = "the audit secret before of a test"
	auditSecret    = "audit secret of a test, long enough"
)

// chain writes n entries to a studio's audit log, some with the secret before.
func (d *depot) chain(t testing.TB, tenantID id.ID, n int) {
	t.Helper()
	imageID := d.Package.Images[job.None]
	for _, value := range []secret.Value{oldAuditSecret, auditSecret} {
		changes := make([]audit.Change, n/2)
		for i := range changes {
			changes[i] = audit.Change{TenantID: tenantID, Action: audit.AccountRoleSet, Reason: "\u2028 <ü> \"\\", RequestID: fmt.Sprint(i)}
			if tenantID == d.TenantID {
				changes[i].ActorID, changes[i].JobID, changes[i].ImageID = &d.Admin.AccountID, &d.Package.ID, &imageID
			}
		}
		err := pgx.BeginFunc(context.Background(), d.db.Pool, func(tx pgx.Tx) error {
			return audit.NewLog(secret.NewRing(value), time.Now).Append(context.Background(), tx, changes...)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// long is a chain that takes a while to leave, which nobody verifies.
func (d *depot) long(t testing.TB) {
	t.Helper()
	d.Exec(t, `INSERT INTO audit_entry (id, tenant_id, sequence, at, action, request_id, canonical, prev, hash, key_id)
		SELECT gen_random_uuid(), $1, n, now(), 'account.role_set', 'r', convert_to(repeat('x', 500), 'UTF8'), sha256(''), sha256(''), 'k' FROM generate_series(1, 30000) n`, d.TenantID)
	d.Exec(t, "INSERT INTO audit_head VALUES ($1, 30000, sha256(''), now())", d.TenantID)
}

// exported is a line of an export.
type exported struct {
	ID                           string
	Sequence                     int64
	Canonical, Prev, Hash, KeyID string
	End                          *struct {
		Sequence, Entries int64
		Hash              string
	}
}

func (d *depot) export(t testing.TB, path string, who *cast.Person) (text string, lines []exported) {
	t.Helper()
	answer := d.ask(t, "GET "+path, d.as(who))
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%d %v %s", answer.StatusCode, err, d.log)
	}
	for line := range strings.Lines(string(data)) {
		var one exported
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, one)
	}
	return string(data), lines
}

func TestAnExportIsTheWholeChain(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	_, lines := d.export(t, "/audit.ndjson", d.Admin)
	if len(lines) != 1 || lines[0].End == nil || lines[0].End.Sequence != 0 || lines[0].End.Entries != 0 {
		t.Errorf("of nothing: %+v", lines)
	}
	d.chain(t, d.TenantID, 2500)
	d.chain(t, d.ForeignTenantID, 4)
	_, lines = d.export(t, "/audit.ndjson", d.Admin)
	if len(lines) != 2501 {
		t.Fatalf("%d lines", len(lines))
	}
	last := strings.Repeat("0", 64)
	for i, line := range lines[:2500] {
		var chained struct {
			Sequence   int64
			ID, Tenant string
		}
		if err := json.Unmarshal([]byte(line.Canonical), &chained); err != nil {
			t.Fatal(err)
		}
		if line.Sequence != int64(i+1) || chained.Sequence != line.Sequence || line.Prev != last || chained.Tenant != d.TenantID.String() || len(line.ID) != 36 || line.ID[:4] != "aud_" {
			t.Fatalf("line %d: %+v", i, line)
		}
		last = line.Hash
	}
	if end := lines[2500].End; end == nil || end.Sequence != 2500 || end.Entries != 2500 || end.Hash != last {
		t.Errorf("the end: %+v", end)
	}
	_, rest := d.export(t, "/audit.ndjson?after=2490", d.Admin)
	if len(rest) != 11 || rest[0] != lines[2490] || rest[10].End.Sequence != 2500 || rest[10].End.Entries != 10 {
		t.Errorf("the rest: %+v", rest)
	}
	if _, none := d.export(t, "/audit.ndjson?after=9223372036854775807", d.Admin); len(none) != 1 || none[0].End.Hash != last {
		t.Errorf("behind the end: %+v", none)
	}
	d.Exec(t, "DELETE FROM audit_entry WHERE tenant_id = $1 AND sequence BETWEEN 3 AND 2498", d.TenantID) // wider than what is read at once
	if _, damaged := d.export(t, "/audit.ndjson", d.Admin); len(damaged) != 5 || damaged[2].Sequence != 2499 || damaged[4].End.Entries != 4 {
		t.Errorf("a damaged chain: %+v", damaged)
	}
}

func TestWhoMayHaveTheAuditLog(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	d.chain(t, d.TenantID, 2)
	d.chain(t, d.ForeignTenantID, 4)
	for _, one := range []struct {
		who    *cast.Person
		status int
		code   string
	}{
		{nil, 401, "UNAUTHENTICATED"}, {d.Owner, 403, "FORBIDDEN"}, {d.Photographer, 403, "FORBIDDEN"}, {d.Blocked, 403, "ACCOUNT_BLOCKED"},
		{d.Expired, 403, "MEMBERSHIP_EXPIRED"}, {d.Removed, 401, "UNAUTHENTICATED"}, {d.ForeignAdmin, 401, "UNAUTHENTICATED"}, // at this studio's address
		{d.Admin, 200, ""}, {d.Operator, 200, ""},
	} {
		for _, line := range []string{"GET /audit.ndjson", "HEAD /audit.ndjson", "GET /audit.ndjson?after=x"} {
			var headers []string
			name := "nobody"
			if one.who != nil {
				headers, name = []string{d.as(one.who)}, one.who.Email
			}
			answer := d.ask(t, line, headers...)
			body, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			want := one.status
			if want == 200 && strings.Contains(line, "?") {
				want = 400
			}
			if answer.StatusCode != want || want != 200 && bytes.Contains(body, []byte("canonical")) || line[0] == 'G' && want != 400 && !bytes.Contains(body, []byte(one.code)) {
				t.Errorf("%s as %s: %d, want %d: %.200s", line, name, answer.StatusCode, want, body)
			}
		}
	}
	if _, lines := d.export(t, "/audit.ndjson", d.Admin); len(lines) != 3 {
		t.Errorf("%d lines, want the own studio's", len(lines))
	}
	for _, after := range []string{"", "-1", "1.5", "9223372036854775808", "1&after=2", "%201"} {
		if answer := d.ask(t, "GET /audit.ndjson?after="+after, d.as(d.Admin)); answer.StatusCode != http.StatusBadRequest {
			t.Errorf("after=%s: %d", after, answer.StatusCode)
		}
	}
	answer := d.ask(t, "GET /audit.ndjson", "Cookie: __Host-pixgate=whatever", "Sec-Fetch-Site: cross-site")
	if body, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != 403 || !bytes.Contains(body, []byte("CSRF_FAILED")) {
		t.Errorf("a link on another site: %d %s", answer.StatusCode, body)
	}
	head := d.ask(t, "HEAD /audit.ndjson", d.as(d.Admin))
	disposition, params, err := mime.ParseMediaType(head.Header.Get("Content-Disposition"))
	want := "audit-studio-" + d.now().UTC().Format("2006-01-02") + ".ndjson"
	if err != nil || disposition != "attachment" || params["filename"] != want || head.Header.Get("Content-Type") != "application/x-ndjson" || head.Header.Get("Cache-Control") != "private, no-store, no-transform" {
		t.Errorf("HEAD: %v %s", head.Header, params["filename"])
	}
}

// An admin who is blocked while the log leaves gets no more of it, and the file must
// not look like a whole one.
func TestAnExportEndsWithItsReadersRights(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]string{
		"blocked":    "UPDATE account SET blocked_at = now() WHERE id = $1",
		"demoted":    "UPDATE session SET revoked_at = now() WHERE account_id = $1",
		"signed out": "UPDATE device SET removed_at = now() WHERE account_id = $1",
	} {
		for _, version := range []string{"HTTP/1.1", "HTTP/2"} {
			t.Run(name+" by "+version, func(t *testing.T) {
				t.Parallel()
				d := newDepot(t)
				d.long(t)
				client := d.new
				if version == "HTTP/1.1" {
					client = d.old
				}
				answer, err := d.askBy(t, client, "GET /audit.ndjson", d.as(d.Admin))
				if err != nil {
					t.Fatal(err)
				}
				defer answer.Body.Close()
				var got bytes.Buffer
				if _, err := io.CopyN(&got, answer.Body, 1000); err != nil {
					t.Fatal(err)
				}
				d.Exec(t, end, d.Admin.AccountID)
				if _, err := io.Copy(&got, answer.Body); err == nil || strings.Contains(got.String(), `"end"`) {
					t.Errorf("%d bytes came, and a clean end: %v", got.Len(), err)
				}
			})
		}
	}
}

// The database goes while the log leaves.
func TestAnExportThatFailsIsCut(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	d.long(t)
	answer := d.ask(t, "GET /audit.ndjson", d.as(d.Admin))
	var got bytes.Buffer
	if _, err := io.CopyN(&got, answer.Body, 1000); err != nil {
		t.Fatal(err)
	}
	d.Exec(t, "ALTER TABLE audit_entry RENAME TO gone")
	if _, err := io.Copy(&got, answer.Body); err == nil || strings.Contains(got.String(), `"end"`) {
		t.Errorf("%d bytes came, and a clean end: %v", got.Len(), err)
	}
	eventually(t, "the line about it", func() bool { return strings.Contains(d.log.String(), `"aborted":true`) })
}

// The recipe of docs/audit.md works, on what the server lets out and on what somebody
// made of it.
func TestTheRecipeProvesAnExport(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("skipped: there is no python3 on this machine")
	}
	d := newDepot(t)
	d.chain(t, d.TenantID, 20)
	d.chain(t, d.ForeignTenantID, 20)
	keys := secret.NewRing(auditSecret, oldAuditSecret)
	if err := audit.NewAnchors(d.db.Pool, keys, vault.New(d.store), time.Now, slog.New(slog.DiscardHandler)).Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	good, _ := d.export(t, "/audit.ndjson", d.Admin)
	foreign := d.foreignExport(t)
	anchor := d.anchorFile(t, "audit/studio/00000000000000000020.json")
	lines := strings.SplitAfter(strings.TrimSuffix(good, "\n"), "\n")
	lines[20] += "\n"
	without := func(skip ...int) string {
		var kept strings.Builder
		for i, line := range lines {
			drop := false
			for _, n := range skip {
				drop = drop || i == n
			}
			if !drop {
				kept.WriteString(line)
			}
		}
		return kept.String()
	}
	prove := func(text string, secrets []string, files ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), python, append([]string{"../../../docs/examples/verify-audit.py"}, files...)...)
		cmd.Env = append(secrets, "PATH="+os.Getenv("PATH"), "LC_ALL=C")
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	both := []string{"AUDIT_SECRET=" + auditSecret, "AUDIT_SECRET_PREVIOUS=" + oldAuditSecret}
	for name, text := range map[string]string{"whole": good, "whole, of the other studio": foreign} {
		if out, err := prove(text, both); err != nil || out != "20 entries, 0 anchors: whole" {
			t.Errorf("%s: %s %v", name, out, err)
		}
	}
	if out, err := prove(good, both, anchor); err != nil || out != "20 entries, 1 anchors: whole" {
		t.Errorf("with its anchor: %s %v", out, err)
	}
	rest, _ := d.export(t, "/audit.ndjson?after=12", d.Admin)
	if out, err := prove(rest, both); err != nil || !strings.HasSuffix(out, "8 entries, 0 anchors: whole") || !strings.Contains(out, "begins at 13") {
		t.Errorf("the rest: %s %v", out, err)
	}
	nothing := `{"end":{"sequence":20,"hash":"","entries":0}}` + "\n"
	if out, err := prove(nothing, both); err != nil || !strings.Contains(out, "begins behind 20") {
		t.Errorf("nothing new: %s %v", out, err)
	}
	for name, one := range map[string]struct {
		text, want string
		secrets    []string
		files      []string
	}{
		"all left out":             {nothing, "sequence 20: CUT", both, []string{anchor}},
		"a word changed":           {strings.Replace(good, `\"requestId\":\"3\"`, `\"requestId\":\"4\"`, 1), "sequence 4: CHANGED", both, nil},
		"an id changed":            {strings.Replace(good, `{"id":"aud_0`, `{"id":"aud_1`, 1), "sequence 1: CHANGED", both, nil},
		"a hash changed":           {strings.Replace(good, `"hash":"`, `"hash":"00`, 1), "sequence 1: CHANGED", both, nil},
		"one deleted":              {without(6), "sequence 7: MISSING", both, nil},
		"two swapped":              {without(3, 4, 5) + lines[4] + lines[3], "MISSING", both, nil},
		"the last deleted":         {without(19), "sequence 20: CUT", both, nil},
		"cut":                      {without(18, 19, 20), "sequence 19: CUT", both, nil},
		"cut in a line":            {good[:len(good)/2], "no export", both, nil},
		"one there twice":          {strings.Replace(good, lines[5], lines[5]+lines[5], 1), "sequence 6: REORDERED", both, nil},
		"the other studio's entry": {strings.Join(lines[:10], "") + strings.SplitAfter(foreign, "\n")[10], "sequence 11: REORDERED", both, nil},
		"a secret missing":         {good, "sequence 1: UNKNOWN_KEY", both[:1], nil},
		"no secret":                {good, "set AUDIT_SECRET", nil, nil},
		"nothing":                  {"", "sequence 1: CUT", both, nil},
		"an anchor of more":        {d.shorter(t), "sequence 19: CUT", both, []string{anchor}},
	} {
		if out, err := prove(one.text, one.secrets, one.files...); err == nil || !strings.Contains(out, one.want) {
			t.Errorf("%s: %q %v; want %s", name, out, err, one.want)
		}
	}
}

// anchorFile copies an anchor out of the storage.
func (d *depot) anchorFile(t *testing.T, key string) string {
	t.Helper()
	body, _, err := d.store.Get(t.Context(), key, blob.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "anchor.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// shorter exports the chain after its tail was cut and its head rewound.
func (d *depot) shorter(t *testing.T) string {
	t.Helper()
	d.Exec(t, "DELETE FROM audit_entry WHERE tenant_id = $1 AND sequence > 18", d.TenantID)
	d.Exec(t, "UPDATE audit_head h SET sequence = 18, hash = e.hash FROM audit_entry e WHERE h.tenant_id = $1 AND e.tenant_id = $1 AND e.sequence = 18", d.TenantID)
	text, _ := d.export(t, "/audit.ndjson", d.Admin)
	return text
}

// foreignExport is the other studio's, which has an address of its own.
func (d *depot) foreignExport(t *testing.T) string {
	t.Helper()
	answer := d.ask(t, "GET /audit.ndjson", d.as(d.ForeignAdmin), "Host: foreign.test")
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%d %v", answer.StatusCode, err)
	}
	return string(data)
}
