package session_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/mail"
	"pixgate/internal/session"
)

func TestTheSameCodeIsSentAgainUntilItIsNoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ask(w.network(0), victim, nil)
	codeID := w.mails.queued[0]
	w.mails.fail = errors.New("SES is away")
	if err := w.service.MailCode(t.Context(), codeID); err == nil {
		t.Error("a failure was taken for done")
	}
	w.mails.fail = nil
	code := w.mails.code(t, victim)
	w.mails.deliver(t)
	if len(w.mails.sent) != 1 {
		t.Errorf("%d mails, want 1", len(w.mails.sent))
	}
	w.exec("UPDATE login_code SET mailed_at = NULL") // a crash between sending and noting
	if again := w.mails.code(t, victim); again != code || len(w.mails.sent) != 2 {
		t.Errorf("%d mails, want the same code once more", len(w.mails.sent))
	}
}

func TestAMailThatIsRefusedForGoodIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ask(w.network(0), victim, nil)
	w.mails.fail = fmt.Errorf("%w: no such mailbox", mail.ErrRefused)
	if err := w.service.MailCode(t.Context(), w.mails.queued[0]); err != nil {
		t.Errorf("would be tried again: %v", err)
	}
	if !strings.Contains(w.log.String(), "refused for good") {
		t.Error("the log does not tell")
	}
}

func TestNoMailLeavesPastItsCodesLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ask(w.network(0), victim, nil)
	w.clock.pass(10 * time.Minute)
	if sent := w.mails.deliver(t); len(sent) != 0 {
		t.Errorf("%d mails, want none", len(sent))
	}
	if !strings.Contains(w.log.String(), "its code has expired") {
		t.Error("the log does not tell")
	}
}

func TestNoMailLeavesForASpentCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ask(w.network(0), victim, nil)
	w.exec("UPDATE login_code SET consumed_at = now()")
	if sent := w.mails.deliver(t); len(sent) != 0 {
		t.Errorf("%d mails, want none", len(sent))
	}
}

func TestAStudiosOwnWordsAreUsedWhereTheyCanBe(t *testing.T) {
	t.Parallel()
	for _, try := range []struct{ name, subject, body, wantSubject, wantText string }{
		{"good", "{name} lässt dich rein", "Code:\n    {code}\n({minutes} Minuten)", "Studio studio lässt dich rein", "(10 Minuten)\n"},
		{"code in the subject", "{code}", "    {code}\n", "Dein Studio studio Login-Code", "jemand möchte sich"},
		{"no code", "Hallo", "Hallo", "Dein Studio studio Login-Code", "jemand möchte sich"},
	} {
		t.Run(try.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.exec("UPDATE tenant SET mail_from = 'Studio <studio@example.com>'")
			w.exec("INSERT INTO tenant_text (tenant_id, kind, locale, subject, body) VALUES ($1, 'login_code', 'de', $2, $3)",
				w.studio.ID, try.subject, try.body)
			w.ask(w.network(0), victim, nil)
			w.mails.code(t, victim)
			m := w.mails.sent[0]
			if m.Subject != try.wantSubject || !strings.Contains(m.Text, try.wantText) || m.From != "Studio <studio@example.com>" {
				t.Errorf("subject %q from %q", m.Subject, m.From)
			}
		})
	}
}

// Whoever reads the database or the log learns no code, token, challenge or
// device secret.
func TestNothingStoredOrLoggedGivesASecretAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := device(0)
	challenge := w.ask(w.network(0), victim, &known)
	code := w.mails.code(t, victim)
	_, err := w.verify(w.network(0), challenge.ID, wrong(code, 0), known)
	want(t, err, fault.OTPInvalid)
	in, err := w.verify(w.network(0), challenge.ID, code, known)
	want(t, err, "")
	_, err = w.service.Authenticate(t.Context(), in.Token, session.Token, w.studio.ID, "another-device-altogether")
	want(t, err, fault.DeviceMismatch)

	secrets := map[string]string{
		"code": code, "token": in.Token, "token without prefix": in.Token[4:], "challenge": challenge.ID, "device secret": known.Secret,
	}
	for name, text := range secrets {
		if strings.Contains(w.log.String(), text) {
			t.Errorf("the log holds the %s", name)
		}
	}
	if strings.Contains(w.log.String(), victim) {
		t.Error("the log holds an address")
	}
	for _, column := range w.textColumns() {
		for _, value := range w.values(column) {
			for name, text := range secrets {
				// Six digits stand in many a hash by chance: a code is looked for as a value.
				if name == "code" && value == text || name != "code" && strings.Contains(value, text) {
					t.Errorf("%s.%s holds the %s", column[0], column[1], name)
				}
			}
		}
	}
}

// textColumns lists every column of the database that could hold text.
func (w *world) textColumns() [][2]string {
	w.t.Helper()
	rows, err := w.db.Owner.Query(w.t.Context(), `
		SELECT quote_ident(table_schema) || '.' || quote_ident(table_name), quote_ident(column_name)
		FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
		WHERE table_schema IN ('public', 'task') AND table_type = 'BASE TABLE' AND data_type IN ('text', 'bytea', 'jsonb', 'json', 'ARRAY', 'character varying')`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var columns [][2]string
	for rows.Next() {
		var column [2]string
		if err := rows.Scan(&column[0], &column[1]); err != nil {
			w.t.Fatal(err)
		}
		columns = append(columns, column)
	}
	if rows.Err() != nil || len(columns) < 20 {
		w.t.Fatalf("%d columns, %v", len(columns), rows.Err())
	}
	return columns
}

// values returns what a column holds, bytes also as the text that they may be.
func (w *world) values(column [2]string) []string {
	w.t.Helper()
	rows, err := w.db.Owner.Query(w.t.Context(), "SELECT "+column[1]+"::text FROM "+column[0]+" WHERE "+column[1]+" IS NOT NULL")
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			w.t.Fatal(err)
		}
		values = append(values, value)
		if raw, found := strings.CutPrefix(value, `\x`); found {
			if decoded, err := hex.DecodeString(raw); err == nil {
				values = append(values, string(decoded))
			}
		}
	}
	if rows.Err() != nil {
		w.t.Fatal(rows.Err())
	}
	return values
}
