package drill_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	aToken     = regexp.MustCompile(`pgs_[A-Za-z0-9_-]{43}`)
	aChallenge = regexp.MustCompile(`"challengeId":"([^"]*)"`)
	aSignature = regexp.MustCompile(`X-Amz-Signature=([0-9a-f]{64})`)
	unlink     = regexp.MustCompile(`https?://[^"\s]*X-Amz-[^"\s]*`)
	meant      = regexp.MustCompile(`"(?:token|challengeId|csrfToken)":"[^"]*"`)
)

// hear keeps an answer, without what it is meant to tell, and remembers what in
// it is secret everywhere else.
func (h *house) hear(a *answer) {
	var headers strings.Builder
	for name, values := range a.header {
		if name == "Set-Cookie" {
			continue
		}
		fmt.Fprintf(&headers, "%s: %s\n", name, strings.Join(values, ", "))
	}
	text := headers.String() + "\n" + string(a.body)
	for _, cookie := range (&http.Response{Header: a.header}).Cookies() {
		if cookie.Value != "" {
			h.note("cookie", cookie.Value)
		}
	}
	for _, token := range aToken.FindAllString(text, -1) {
		h.note("token", token)
	}
	for _, found := range aChallenge.FindAllStringSubmatch(text, -1) {
		h.note("challenge", found[1])
	}
	for _, found := range aSignature.FindAllStringSubmatch(text, -1) {
		h.note("signature", found[1])
	}
	text = meant.ReplaceAllString(unlink.ReplaceAllString(text, ""), "")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers = append(h.answers, text)
}

// secrets are all that this house knows of, codes included, as value to name.
func (h *house) secrets() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[string]string{}
	for value, name := range h.known {
		all[value] = name
	}
	for _, m := range h.mail.Messages() {
		if code := sixDigits.FindString(m.Text); code != "" {
			all[code] = "code"
		}
	}
	return all
}

// holds reports whether a text holds a secret. A code must stand alone: six
// digits are also part of times and hashes, in clear and in what is shown as bytes.
func holds(text, value, name string) bool {
	if !strings.Contains(text, value) {
		return false
	}
	switch name {
	case "code":
		return regexp.MustCompile(`(?:^|[^0-9A-Za-z._])` + value + `(?:$|[^0-9A-Za-z_])`).MatchString(text)
	case "code in bytes":
		const other = `[^0-9a-f]|[0189a-f][0-9a-f]|3[a-f]|[46]0|[57][b-f]` // than a digit or a letter
		return regexp.MustCompile(`(?:^|` + other + `|2[0-9a-df])` + value + `(?:$|` + other + `|2[0-9a-f])`).MatchString(text)
	}
	return true
}

// mask hides the secrets in a text.
func (h *house) mask(text string) string {
	for value, name := range h.secrets() {
		text = strings.ReplaceAll(text, value, "["+name+"]")
	}
	return text
}

// search looks for secrets where none may be: in all that the server has written,
// in its answers, and in every column of the database.
func (h *house) search(t *testing.T) {
	t.Helper()
	said := h.said.String()
	if strings.Contains(said, "DATA RACE") {
		t.Error("the race detector found something in the server")
	}
	for _, name := range leaks(said, h.secrets(), "") {
		t.Errorf("the server's output holds a %s", name)
	}
	h.mu.Lock()
	answers := strings.Join(h.answers, "\n")
	h.mu.Unlock()
	for _, name := range leaks(answers, h.secrets(), "address") {
		t.Errorf("an answer holds a %s where none is meant to be", name)
	}
	if h.database {
		for _, found := range h.stored(t) {
			t.Errorf("the database holds a %s", found)
		}
	}
}

// leaks are the names of the secrets that a text holds.
func leaks(text string, secrets map[string]string, except string) []string {
	var needles haystack
	for value, name := range secrets {
		if name != except {
			needles.add(value)
		}
	}
	var found []string
	for value := range needles.in(text) {
		if name := secrets[value]; holds(text, value, name) {
			found = append(found, name)
		}
	}
	return found
}

// haystack finds thousands of strings in a text by reading it once.
type haystack struct {
	byStart map[[start]byte][]string
	short   []string
}

// start is how many bytes lead to a string: a code has as many.
const start = 6

func (h *haystack) add(value string) {
	if len(value) < start {
		h.short = append(h.short, value)
		return
	}
	if h.byStart == nil {
		h.byStart = map[[start]byte][]string{}
	}
	key := [start]byte([]byte(value))
	h.byStart[key] = append(h.byStart[key], value)
}

// in returns those that the text holds.
func (h *haystack) in(text string) map[string]bool {
	found := map[string]bool{}
	for _, value := range h.short {
		if strings.Contains(text, value) {
			found[value] = true
		}
	}
	for i := 0; i+start <= len(text); i++ {
		for _, value := range h.byStart[[start]byte([]byte(text[i:i+start]))] {
			if strings.HasPrefix(text[i:], value) {
				found[value] = true
			}
		}
	}
	return found
}

// stored are the secrets in the database, as text, as bytes, as base64 of a
// JSON, and codes also as a bare hash.
func (h *house) stored(t *testing.T) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tables, err := h.db.Owner.Query(ctx, `SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
		WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'`)
	if err != nil {
		t.Fatalf("list the tables: %v", err)
	}
	var names []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := tables.Err(); err != nil || len(names) < 15 {
		t.Fatalf("%d tables, %v", len(names), err)
	}
	var needles haystack
	kinds := map[string]string{} // of each form of each secret
	for value, kind := range h.secrets() {
		if kind == "address" {
			continue
		}
		kinds[value] = kind
		kinds[hex.EncodeToString([]byte(value))] = kind + " in bytes"
		kinds[base64.StdEncoding.EncodeToString([]byte(value))] = kind + " in base64"
		if kind == "code" {
			hash := sha256.Sum256([]byte(value))
			kinds[hex.EncodeToString(hash[:])] = "hashed code"
		}
	}
	for form := range kinds {
		needles.add(form)
	}
	var found []string
	for _, name := range names {
		var content string
		if err := h.db.Owner.QueryRow(ctx, "SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM "+name+" t").Scan(&content); err != nil {
			t.Fatalf("read %s: %v", name, err)
		}
		for form := range needles.in(content) {
			if holds(content, form, kinds[form]) {
				found = append(found, kinds[form]+" in "+name)
			}
		}
	}
	return found
}

// A search that finds nothing proves nothing until it has found something.
func TestTheSearchFindsWhatIsThere(t *testing.T) {
	t.Parallel()
	secrets := map[string]string{"123456": "code", "pgs_x": "token"}
	for text, want := range map[string]int{
		`"code":123456`: 1, `code=123456&`: 1, `Code 123456.`: 1, "123456": 1, `"t":"2026-11-22T07:00:00.123456Z"`: 0, `1234567`: 0, `ab123456cd`: 0, `host_2026_11_25T23_42_50_123456`: 0,
		`Bearer pgs_x`: 1, "pgs_y": 0, `pgs_x 123456`: 2,
	} {
		if got := leaks(text, secrets, ""); len(got) != want {
			t.Errorf("%q: found %v, want %d", text, got, want)
		}
	}
	h := newHouse(t)
	h.exec(t, "INSERT INTO tenant (id, slug, name, created_at) VALUES (gen_random_uuid(), 'studio', $1, now())", "pgs_planted")
	h.exec(t, "INSERT INTO budget (key, used, resets_at) VALUES (sha256('123456'), 1, now())")
	for _, text := range []string{`{"code":"654321"}`, `0.777777Z a888888b`} {
		h.exec(t, "INSERT INTO budget (key, used, resets_at) VALUES (convert_to(rpad($1, 32), 'UTF8'), 1, now())", text)
	}
	h.note("token", "pgs_planted")
	for _, code := range []string{"123456", "654321", "777777", "888888"} {
		h.note("code", code)
	}
	got := h.stored(t)
	slices.Sort(got)
	if want := []string{"code in bytes in public.budget", "hashed code in public.budget", "token in public.tenant"}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	h.database = false // it has what it should not have
}
