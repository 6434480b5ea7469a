package session_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/secret"
	"pixgate/internal/session"
)

const chef = "chef@example.com"

// visitor is a browser at the admins' door.
func (w *world) visitor(ip string) session.Client {
	c := w.from(ip)
	c.UserAgent, c.DeviceSecret, c.Jar = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "device-of-"+ip+"-in-a-cookie", &jar{}
	return c
}

// people makes the accounts of a door's tests, and returns the admin's.
func (w *world) people() (admin id.ID) {
	w.t.Helper()
	for email, role := range map[string]account.Role{chef: account.Admin, "operator@example.com": account.Operator, "foto@example.com": account.Photographer, "blocked@example.com": account.Admin, victim: account.Customer} {
		w.exec(`INSERT INTO account (id, tenant_id, email_key, email, role, created_at) VALUES (gen_random_uuid(), $1, $2, $2, $3, now())`, w.studio.ID, email, role)
	}
	w.exec("UPDATE account SET blocked_at = now() WHERE email_key LIKE 'blocked@%'")
	return w.accountOf(chef)
}

func (w *world) accountOf(email string) (found id.ID) {
	w.t.Helper()
	if err := w.db.Owner.QueryRow(w.t.Context(), "SELECT id FROM account WHERE email_key = $1", email).Scan(&found); err != nil {
		w.t.Fatal(err)
	}
	return found
}

// comes tries the way of an admin from the mail address to the session.
func (w *world) comes(door *session.Door, c session.Client, email string) (session.SignedIn, error) {
	w.t.Helper()
	challenge, err := door.RequestCode(w.t.Context(), c, session.CodeRequest{Email: email, RequestID: "asked"})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.enters(door, c, challenge.ID, w.mails.code(w.t, email))
}

func (w *world) enters(door *session.Door, c session.Client, challengeID, code string) (session.SignedIn, error) {
	return door.VerifyCode(w.t.Context(), c, session.SignIn{ChallengeID: challengeID, Code: code, Transport: session.Cookie, RequestID: "entered"})
}

// chained is an entry as it was chained.
type chained struct {
	Action, Account, Actor, RequestID string
	New                               struct{ Outcome, Address, Mailbox, UserAgent string }
	bytes                             string
}

func (w *world) entries() (all []chained) {
	w.t.Helper()
	rows, err := w.db.Owner.Query(w.t.Context(), "SELECT canonical FROM audit_entry ORDER BY sequence")
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var canonical []byte
		if err := rows.Scan(&canonical); err != nil {
			w.t.Fatal(err)
		}
		e := chained{bytes: string(canonical)}
		if err := json.Unmarshal(canonical, &e); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return all
}

// outcomes are the actions and outcomes of all entries.
func (w *world) outcomes() string {
	w.t.Helper()
	var all []string
	for _, e := range w.entries() {
		all = append(all, strings.TrimPrefix(e.Action, "login.")+" "+e.New.Outcome)
	}
	return strings.Join(all, ", ")
}

func TestEveryAttemptAtTheDoorIsWrittenDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.people()
	door, c := w.service.Door(account.Admin), w.visitor("192.0.2.7")
	challenge, err := door.RequestCode(t.Context(), c, session.CodeRequest{Email: " Chef@Example.COM ", RequestID: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	code := w.mails.code(t, chef)
	try := func(requestID, challengeID, code string) error {
		_, err := door.VerifyCode(t.Context(), c, session.SignIn{ChallengeID: challengeID, Code: code, Transport: session.Cookie, RequestID: requestID})
		return err
	}
	want(t, try("r2", challenge.ID, wrong(code, 0)), fault.OTPInvalid)
	want(t, try("r3", "nobodys", code), fault.OTPInvalid)
	want(t, try("r4", challenge.ID, "12 34"), fault.ValidationFailed)
	want(t, try("r5", challenge.ID, code), "")
	want(t, try("r6", challenge.ID, code), fault.OTPInvalid)
	_, err = door.RequestCode(t.Context(), c, session.CodeRequest{Email: "not an address", RequestID: "r7"})
	want(t, err, fault.ValidationFailed)
	forged := fault.New(fault.CSRFFailed, "x")
	if got := door.Refuse(t.Context(), c, "r8", forged); !errors.Is(got, forged) {
		t.Errorf("answers %v", got)
	}

	log := audit.NewLog(secret.NewRing(auditSecret, ""), time.Now)
	mailbox, address := log.Pseudonym("mailbox", w.studio.ID, []byte(chef)), log.Pseudonym("address", w.studio.ID, []byte("192.0.2.7/32"))
	got := w.entries()
	for i, e := range []struct {
		action, outcome, mailbox string
		who                      bool
	}{
		{"login.code_requested", "CODE_SENT", mailbox, false},
		{"login.failed", "OTP_INVALID", mailbox, false},
		{"login.failed", "OTP_INVALID", "", false},
		{"login.failed", "VALIDATION_FAILED", "", false},
		{"login.succeeded", "SIGNED_IN", mailbox, true},
		{"login.failed", "OTP_INVALID", mailbox, false},
		{"login.code_requested", "VALIDATION_FAILED", "", false},
		{"login.failed", "CSRF_FAILED", "", false},
	} {
		if i >= len(got) {
			t.Fatalf("%d entries", len(got))
		}
		wanted := chained{Action: e.action, RequestID: fmt.Sprintf("r%d", i+1), bytes: got[i].bytes}
		wanted.New.Outcome, wanted.New.Address, wanted.New.Mailbox, wanted.New.UserAgent = e.outcome, address, e.mailbox, c.UserAgent
		if e.who {
			wanted.Account, wanted.Actor = admin.String(), admin.String()
		}
		if got[i] != wanted {
			t.Errorf("entry %d is\n%+v, want\n%+v", i+1, got[i], wanted)
		}
		for what, clear := range map[string]string{"mailbox": "hef@", "domain": "xample.", "address": "192.0.2", "code": code, "challenge": challenge.ID, "device": c.DeviceSecret} {
			if strings.Contains(got[i].bytes, clear) {
				t.Errorf("entry %d tells the %s: %s", i+1, what, got[i].bytes)
			}
		}
	}
	if len(got) != 8 {
		t.Errorf("%d entries, want 8", len(got))
	}
}

// Nobody but admins gets in here: not even a device is left of the others. Their code is spent.
func TestOnlyWhoMayComeByThisDoorGetsASession(t *testing.T) {
	t.Parallel()
	for email, refusal := range map[string]fault.Code{
		chef: "", "operator@example.com": "", "foto@example.com": fault.Forbidden, victim: fault.Forbidden, "newcomer@example.com": fault.Forbidden, "blocked@example.com": fault.AccountBlocked,
	} {
		t.Run(email, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.people()
			door, c := w.service.Door(account.Admin), w.visitor("192.0.2.7")
			_, err := w.comes(door, c, email)
			want(t, err, refusal)
			sessions, outcome := 0, "failed "+string(refusal)
			if refusal == "" {
				sessions, outcome = 1, "succeeded SIGNED_IN"
			}
			if n := w.count("SELECT (SELECT count(*) FROM session) * 10 + (SELECT count(*) FROM device)"); n != sessions*11 {
				t.Errorf("%d sessions and devices, want %d each", n, sessions)
			}
			if kept := c.Jar.(*jar); (kept.token != "") != (sessions == 1) {
				t.Errorf("the browser keeps %t", kept.token != "")
			}
			if n := w.count("SELECT count(*) FROM login_code WHERE consumed_at IS NULL"); n != 0 {
				t.Error("the code is not spent")
			}
			got := w.entries()
			if last := got[len(got)-1]; w.outcomes() != "code_requested CODE_SENT, "+outcome || last.Account != w.accountOf(email).String() || (last.Actor != "") != (sessions == 1) {
				t.Errorf("entries %s, the last %+v", w.outcomes(), last)
			}
		})
	}
}

func TestAMembershipThatIsOverIsToldBeforeTheRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people()
	w.exec("UPDATE account SET valid_until = now() - interval '1 day'")
	_, err := w.comes(w.service.Door(account.Admin), w.visitor("192.0.2.7"), victim)
	want(t, err, fault.MembershipExpired)
}

// The other ways in are everybody's, as before.
func TestWithoutALeastRoleEverybodyMaySignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people()
	w.signIn(w.network(0), victim, device(0))
	if n := len(w.entries()); n != 0 {
		t.Errorf("%d entries: this is not the door", n)
	}
}

func isInternal(t *testing.T, err error) {
	t.Helper()
	if err == nil || fault.As(err).Code != fault.Internal {
		t.Errorf("got %v, want INTERNAL", err)
	}
}

func TestThereIsNoSessionWithoutItsEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people()
	door, c := w.service.Door(account.Admin), w.visitor("192.0.2.7")
	challenge, err := door.RequestCode(t.Context(), c, session.CodeRequest{Email: chef})
	if err != nil {
		t.Fatal(err)
	}
	code := w.mails.code(t, chef)
	w.exec("REVOKE INSERT ON audit_entry FROM pixgate_server")
	_, err = w.enters(door, c, challenge.ID, code)
	isInternal(t, err)
	if n := w.count("SELECT (SELECT count(*) FROM session) + (SELECT count(*) FROM device)"); n != 0 || c.Jar.(*jar).token != "" {
		t.Errorf("%d rows of a session that nobody wrote down", n)
	}
	// Nor is anybody told anything else.
	_, err = w.enters(door, c, challenge.ID, wrong(code, 1))
	isInternal(t, err)
	w.clock.pass(2 * time.Minute)
	_, err = door.RequestCode(t.Context(), c, session.CodeRequest{Email: chef})
	isInternal(t, err)
	isInternal(t, door.Refuse(t.Context(), c, "r", fault.New(fault.CSRFFailed, "x")))

	w.exec("GRANT INSERT ON audit_entry TO pixgate_server")
	want(t, func() error { _, err := w.enters(door, c, challenge.ID, code); return err }(), "")
	if got := w.outcomes(); got != "code_requested CODE_SENT, succeeded SIGNED_IN" {
		t.Errorf("entries %s", got)
	}
}

// Who guesses and hangs up before the answer has guessed.
func TestAGuessOfSomebodyWhoHangsUpIsWrittenDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people()
	door, c := w.service.Door(account.Admin), w.visitor("192.0.2.7")
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	want(t, door.Refuse(ctx, c, "r", fault.New(fault.CSRFFailed, "x")), fault.CSRFFailed)
	_, err := door.VerifyCode(ctx, c, session.SignIn{ChallengeID: "x", Code: "123456", Transport: session.Cookie})
	want(t, err, fault.Unavailable)
	if got := w.outcomes(); got != "failed CSRF_FAILED, failed UNAVAILABLE" {
		t.Errorf("entries %s", got)
	}
}

func TestAnAddressKnocksTwentyTimesInTenMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	door := w.service.Door(account.Admin)
	flood := parallel(30, func(i int) error { return door.Knock(t.Context(), w.from("192.0.2.7")) })
	if got := codes(flood); got[""] != 20 || got[fault.RateLimited] != 10 {
		t.Errorf("answers %v, want 20 and 10 RATE_LIMITED", got)
	}
	w.clock.pass(9 * time.Minute)
	refused := want(t, door.Knock(t.Context(), w.from("192.0.2.7")), fault.RateLimited)
	if refused.RetryAfter <= 0 || refused.RetryAfter > time.Minute {
		t.Errorf("come back in %s", refused.RetryAfter)
	}
	if n := len(w.entries()); n != 0 {
		t.Errorf("the flood is in the chain: %d entries", n)
	}
	if !strings.Contains(w.log.String(), "door attempts from ip") {
		t.Error("the log does not tell of the flood")
	}
	for _, other := range []string{"192.0.2.8", "2001:db8::1"} {
		want(t, door.Knock(t.Context(), w.from(other)), "")
	}
	w.clock.pass(time.Minute)
	want(t, door.Knock(t.Context(), w.from("192.0.2.7")), "")
	for i := range 21 { // one customer of a provider holds them all
		err := door.Knock(t.Context(), w.from(netip.MustParseAddr(fmt.Sprintf("2001:db8:0:1::%x", i+1)).String()))
		want(t, err, map[bool]fault.Code{true: fault.RateLimited}[i == 20])
	}
	if err := door.Knock(t.Context(), session.Client{Tenant: w.studio}); err == nil {
		t.Error("somebody from nowhere knocks")
	}
}

// The API lets admins in too. Nobody is signed in as one without an entry.
func TestAnAdminWhoComesByTheAPIIsWrittenDownAsWell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people()
	comes := func(email string) error {
		c := w.visitor("192.0.2.7")
		w.clock.pass(time.Hour)
		challenge, err := w.service.RequestCode(t.Context(), c, session.CodeRequest{Email: email})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.service.VerifyCode(t.Context(), c, session.SignIn{ChallengeID: challenge.ID, Code: w.mails.code(t, email), Transport: session.Cookie, RequestID: "by the API"})
		return err
	}
	want(t, comes(victim), "")
	if got := w.entries(); len(got) != 0 {
		t.Errorf("a customer's sign-in left %+v", got)
	}
	want(t, comes(chef), "")
	admin := w.accountOf(chef).String()
	if got := w.entries(); len(got) != 1 || w.outcomes() != "succeeded SIGNED_IN" || got[0].Actor != admin || got[0].Account != admin || got[0].RequestID != "by the API" {
		t.Errorf("an admin's sign-in left %+v", got)
	}
	w.exec("REVOKE INSERT ON audit_entry FROM pixgate_server")
	before := w.count("SELECT count(*) FROM session")
	if err := comes(chef); err == nil {
		t.Error("signed in without an entry")
	}
	if after := w.count("SELECT count(*) FROM session WHERE revoked_at IS NULL"); w.count("SELECT count(*) FROM session") != before || after != 2 {
		t.Errorf("a session without its entry: %d, %d of them alive", w.count("SELECT count(*) FROM session"), after)
	}
}

func TestFiftyParallelRightCodesAtTheDoorMakeOneSessionAndOneEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people()
	door := w.service.Door(account.Admin)
	challenge, err := door.RequestCode(t.Context(), w.visitor("192.0.2.7"), session.CodeRequest{Email: chef})
	if err != nil {
		t.Fatal(err)
	}
	code := w.mails.code(t, chef)
	got := codes(parallel(50, func(i int) error {
		_, err := w.enters(door, w.visitor(fmt.Sprintf("10.0.%d.7", i)), challenge.ID, code)
		return err
	}))
	if got[""] != 1 || got[""]+got[fault.OTPInvalid]+got[fault.RateLimited] != 50 {
		t.Errorf("answers %v, want one success and refusals", got)
	}
	if n := w.count("SELECT count(*) FROM session"); n != 1 {
		t.Errorf("%d sessions, want 1", n)
	}
	if n := w.count("SELECT count(*) FROM audit_entry WHERE action = 'login.succeeded'"); n != 1 {
		t.Errorf("%d entries of a success, want 1", n)
	}
	if n := w.count("SELECT count(*) FROM audit_entry"); n != 51 {
		t.Errorf("%d entries, want 51", n)
	}
	w.verifyChain()
}

// verifyChain walks the chain by the recipe of its documentation.
func (w *world) verifyChain() {
	w.t.Helper()
	rows, err := w.db.Owner.Query(w.t.Context(), "SELECT canonical, prev, hash FROM audit_entry ORDER BY sequence")
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	key, last := secret.NewRing(auditSecret, "").Current(), make([]byte, 32)
	for rows.Next() {
		var canonical, prev, hash []byte
		if err := rows.Scan(&canonical, &prev, &hash); err != nil {
			w.t.Fatal(err)
		}
		if sum := key.MAC("audit chain", prev, canonical); !bytes.Equal(prev, last) || !bytes.Equal(hash, sum[:]) {
			w.t.Fatalf("%s does not follow from %s", canonical, hex.EncodeToString(last))
		}
		last = hash
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
}

func TestAUserAgentIsWrittenDownAsFarAsItCanBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	door, c := w.service.Door(account.Admin), w.visitor("192.0.2.7")
	for sent, kept := range map[string]string{
		"": "", "Firefox, übrigens": "Firefox, übrigens", "a\x00b\r\nc\x1b[31m\u202ed\xff\xfee\u2028": "abc[31mde", strings.Repeat("ü", 500): strings.Repeat("ü", 200), `"}<script>`: `"}<script>`,
	} {
		c.UserAgent = sent
		want(t, door.Refuse(t.Context(), c, "r", fault.New(fault.CSRFFailed, "x")), fault.CSRFFailed)
		all := w.entries()
		if got := all[len(all)-1].New.UserAgent; got != kept || !utf8.ValidString(got) {
			t.Errorf("%.20q is written as %q", sent, got)
		}
	}
	w.verifyChain()
}

func TestTheStudioOfADoorHasItsOwnChain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.addStudio("other", true)
	door, c := w.service.Door(account.Admin), w.visitor("192.0.2.7")
	c.Tenant = other
	want(t, door.Refuse(t.Context(), c, "r", fault.New(fault.CSRFFailed, "x")), fault.CSRFFailed)
	if n := w.count("SELECT count(*) FROM audit_entry WHERE tenant_id = $1", other.ID); n != 1 {
		t.Errorf("%d entries", n)
	}
}
