package files_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
	"testing"
	"time"

	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/edge"
	"pixgate/internal/gate"
)

func TestEverybodyGetsTheirOwnExport(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	for _, one := range []struct {
		who    *cast.Person
		status int
		code   string
	}{
		{nil, 401, "UNAUTHENTICATED"}, {d.Blocked, 403, "ACCOUNT_BLOCKED"}, {d.Expired, 403, "MEMBERSHIP_EXPIRED"}, {d.Removed, 401, "UNAUTHENTICATED"},
		{d.Foreigner, 401, "UNAUTHENTICATED"}, // at this studio's address
		{d.Owner, 200, d.Owner.PublicID()}, {d.Photographer, 200, d.Photographer.PublicID()}, {d.Admin, 200, d.Admin.PublicID()},
	} {
		for _, path := range []string{"/export.json", "/export.json?account=" + d.Other.PublicID()} {
			var headers []string
			if one.who != nil {
				headers = []string{d.as(one.who)}
			}
			if head := d.ask(t, "HEAD "+path, headers...); head.StatusCode != one.status {
				t.Errorf("HEAD %s: %d, want %d", path, head.StatusCode, one.status)
			}
			answer := d.ask(t, "GET "+path, headers...)
			body, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			var parsed struct{ Account struct{ ID string } }
			if answer.StatusCode != one.status || !json.Valid(body) || !bytes.Contains(body, []byte(one.code)) {
				t.Errorf("%s for %s: %d %.200s", path, one.code, answer.StatusCode, body)
			}
			if err := json.Unmarshal(body, &parsed); err != nil || one.status == 200 && parsed.Account.ID != one.code {
				t.Errorf("%s for %s: it is %s's", path, one.code, parsed.Account.ID)
			}
		}
	}
	answer := d.ask(t, "GET /export.json", "Cookie: __Host-pixgate=whatever", "Sec-Fetch-Site: cross-site")
	if body, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != 403 || !bytes.Contains(body, []byte("CSRF_FAILED")) {
		t.Errorf("a link on another site: %d %s", answer.StatusCode, body)
	}
	head := d.ask(t, "HEAD /export.json", d.as(d.Owner)).Header
	disposition, params, err := mime.ParseMediaType(head.Get("Content-Disposition"))
	want := "export-studio-" + d.now().UTC().Format("2006-01-02") + ".json"
	if err != nil || disposition != "attachment" || params["filename"] != want || head.Get("Content-Type") != "application/json; charset=utf-8" || head.Get("Cache-Control") != "private, no-store, no-transform" {
		t.Errorf("HEAD: %v %s", head, params["filename"])
	}
}

// What took a database to read must not be asked for without end.
func TestExportsAreCountedAsDownloads(t *testing.T) {
	t.Parallel()
	d := newDepotWith(t, func(o *edge.Options) {
		o.Limits = stage.Limits(t, map[gate.Name]gate.Limit{gate.Download: {Most: 2, Period: time.Hour}})
	})
	for i, want := range []int{200, 200, 429, 429} {
		answer := d.ask(t, "GET /export.json", d.as(d.Owner))
		if answer.StatusCode != want || want == 429 && answer.Header.Get("Retry-After") == "" {
			t.Errorf("number %d: %d, want %d", i+1, answer.StatusCode, want)
		}
	}
	if answer := d.ask(t, "GET /export.json", d.as(d.Blocked)); answer.StatusCode != http.StatusForbidden {
		t.Errorf("who may not have one is told %d", answer.StatusCode)
	}
	if answer := d.ask(t, "GET /export.json", d.as(d.Other)); answer.StatusCode != http.StatusOK {
		t.Errorf("another's: %d", answer.StatusCode)
	}
}

// A part must not look like the whole.
func TestAPersonsExportThatFailsIsCut(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	d.Exec(t, "INSERT INTO selection_event SELECT gen_random_uuid(), $1, $2, $3, $4, 'NONE', 'INCLUDED', 'r', now() FROM generate_series(1, 3000) n",
		d.TenantID, d.Package.ID, d.Package.Images["NONE"], d.Owner.AccountID)
	d.Exec(t, "ALTER TABLE delivery RENAME TO gone")
	for name, client := range map[string]*http.Client{"HTTP/1.1": d.old, "HTTP/2": d.new} {
		answer, err := d.askBy(t, client, "GET /export.json", d.as(d.Owner))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err == nil || json.Valid(body) || !strings.Contains(string(body), "selections") {
			t.Errorf("%s: %d bytes came, and a clean end: %v", name, len(body), err)
		}
	}
}
