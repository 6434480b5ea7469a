package session_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/session"
)

// jar keeps what a browser would.
type jar struct {
	token, device string
	expires       time.Time
}

func (j *jar) Keep(token string, expires time.Time, device string) {
	j.token, j.expires, j.device = token, expires, device
}
func (j *jar) Drop() { j.token = "" }

// signInByCookie goes all the way as a browser.
func (w *world) signInByCookie(ip, email, deviceSecret string) (session.SignedIn, *jar) {
	w.t.Helper()
	kept := &jar{}
	c := w.from(ip)
	c.DeviceSecret, c.Jar = deviceSecret, kept
	c.UserAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
	challenge := w.ask(c, email, nil)
	in, err := w.service.VerifyCode(w.t.Context(), c, session.SignIn{
		ChallengeID: challenge.ID, Code: w.mails.code(w.t, email), Transport: session.Cookie,
	})
	if err != nil {
		w.t.Fatalf("VerifyCode: %v", err)
	}
	return in, kept
}

func TestTokenAndCookieAreNotInterchangeable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	byToken := w.signIn(w.network(0), victim, device(0))
	w.clock.pass(2 * time.Minute)
	byCookie, kept := w.signInByCookie("192.0.2.1", victim, "the-device-of-a-browser")
	if byCookie.Token != "" || kept.token == "" || kept.device != "the-device-of-a-browser" || !kept.expires.Equal(byCookie.ExpiresAt) {
		t.Error("a cookie session's token belongs into the jar and nowhere else")
	}
	for _, try := range []struct {
		name      string
		token     string
		transport session.Transport
		code      fault.Code
	}{
		{"token", byToken.Token, session.Token, ""},
		{"cookie", kept.token, session.Cookie, ""},
		{"token as cookie", byToken.Token, session.Cookie, fault.Unauthenticated},
		{"cookie as token", kept.token, session.Token, fault.Unauthenticated},
	} {
		_, err := w.service.Authenticate(t.Context(), try.token, try.transport, w.studio.ID, "")
		if fault.Is(err, try.code) != (try.code != "") || (err == nil) != (try.code == "") {
			t.Errorf("%s: %v, want %q", try.name, err, try.code)
		}
	}
}

func TestAuthenticateTellsWhoAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.signIn(w.network(0), victim, device(0))
	viewer, err := w.authenticate(in.Token)
	if err != nil {
		t.Fatal(err)
	}
	want := in.Viewer
	want.RequestID = "" // of the request that signed in
	if viewer != want || viewer.Email != victim || viewer.Role != account.Customer || viewer.DeviceID == id.Nil {
		t.Errorf("viewer %+v, want %+v", viewer, want)
	}
	if err := viewer.Good(w.clock.Now()); err != nil {
		t.Error(err)
	}
}

func TestTokensThatAreNotAliveAreSignedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.signIn(w.network(0), victim, device(0))
	flipped := in.Token[:len(in.Token)-1] + "!"
	for _, token := range []string{"", "pgs_", flipped, strings.ToUpper(in.Token), in.Token + "A", " " + in.Token[1:]} {
		_, err := w.authenticate(token)
		want(t, err, fault.Unauthenticated)
	}
	_, err := w.service.Authenticate(t.Context(), in.Token, session.Token, w.addStudio("other", true).ID, "")
	want(t, err, fault.Unauthenticated)
	if _, err := w.authenticate(in.Token); err != nil {
		t.Fatal(err)
	}
}

// What changes about an account, a device or a session bites on the very next
// request.
func TestEveryChangeBitesAtOnce(t *testing.T) {
	t.Parallel()
	for _, try := range []struct {
		name         string
		change       string
		authenticate fault.Code // refused when the session is read
		good         fault.Code // refused by the membership gate
	}{
		{name: "role changed", change: "UPDATE account SET role = 'PHOTOGRAPHER'", authenticate: fault.Unauthenticated},
		{name: "device removed", change: "UPDATE device SET removed_at = now()", authenticate: fault.Unauthenticated},
		{name: "session revoked", change: "UPDATE session SET revoked_at = now()", authenticate: fault.Unauthenticated},
		{name: "blocked", change: "UPDATE account SET blocked_at = now()", good: fault.AccountBlocked},
		{name: "expired", change: "UPDATE account SET valid_until = now() - interval '1 second'", good: fault.MembershipExpired},
	} {
		t.Run(try.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			in := w.signIn(w.network(0), victim, device(0))
			viewer, err := w.authenticate(in.Token)
			want(t, err, "")
			want(t, viewer.Good(w.clock.Now()), "")
			w.exec(try.change)
			viewer, err = w.authenticate(in.Token)
			want(t, err, try.authenticate)
			if try.good != "" {
				want(t, viewer.Good(w.clock.Now()), try.good)
				if err := w.service.End(t.Context(), viewer); err != nil {
					t.Errorf("logout: %v", err)
				}
				_, err = w.authenticate(in.Token)
				want(t, err, fault.Unauthenticated)
			}
		})
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, try := range []struct {
		name    string
		account string // what is set beforehand
		seen    time.Duration
		life    time.Duration
	}{
		{name: "idle", life: 30 * day},
		{name: "absolute", seen: 10 * day, life: 180 * day},
		{name: "valid-until", account: "valid_until = now() + interval '7 days'", seen: day, life: 7 * day},
		{name: "admin", account: "role = 'ADMIN'", life: 12 * time.Hour},
		{name: "operator", account: "role = 'OPERATOR'", life: 12 * time.Hour},
		{name: "admin's valid-until binds nobody", account: "role = 'ADMIN', valid_until = now() + interval '1 hour'", life: 12 * time.Hour},
	} {
		t.Run(try.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.exec(`INSERT INTO account (id, tenant_id, email_key, email, created_at)
				VALUES (gen_random_uuid(), $1, $2, $2, now())`, w.studio.ID, victim)
			if try.account != "" {
				w.exec("UPDATE account SET " + try.account)
			}
			in := w.signIn(w.network(0), victim, device(0))
			left := try.life - time.Minute
			for try.seen > 0 && left > try.seen {
				w.clock.pass(try.seen)
				left -= try.seen
				if _, err := w.authenticate(in.Token); err != nil {
					t.Fatalf("with %v left: %v", left, err)
				}
				w.service.WriteActivity(t.Context())
			}
			w.clock.pass(left)
			if _, err := w.authenticate(in.Token); err != nil {
				t.Fatalf("a minute before the end: %v", err)
			}
			w.clock.pass(time.Minute + time.Second) // the database's clock set valid_until a moment later
			_, err := w.authenticate(in.Token)
			want(t, err, fault.Unauthenticated)
		})
	}
}

func TestTheDeviceHeaderMustNameTheSessionsDevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.signIn(w.network(0), victim, device(0))
	try := func(header string) error {
		_, err := w.service.Authenticate(t.Context(), in.Token, session.Token, w.studio.ID, header)
		return err
	}
	want(t, try(device(0).Secret), "")
	for _, other := range []string{device(1).Secret, strings.ToUpper(device(0).Secret), device(0).Secret + "x", "x", " "} {
		want(t, try(other), fault.DeviceMismatch)
		w.exec("UPDATE session SET mismatches = 0") // the third would end it
	}
}

func TestSigningInAgainEndsTheDevicesOlderSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	older := w.signIn(w.network(0), victim, device(0))
	elsewhere := func() session.SignedIn {
		w.clock.pass(time.Minute)
		return w.signIn(w.network(1), victim, device(1))
	}()
	w.clock.pass(time.Minute)
	fresh := w.signIn(w.network(0), victim, device(0))
	_, err := w.authenticate(older.Token)
	want(t, err, fault.Unauthenticated)
	for _, in := range []session.SignedIn{elsewhere, fresh} {
		if _, err := w.authenticate(in.Token); err != nil {
			t.Error(err)
		}
	}
	if n := w.count("SELECT count(*) FROM device"); n != 2 {
		t.Errorf("%d devices, want 2", n)
	}
}

func TestARightCodeOfARefusedMemberStaysSpent(t *testing.T) {
	t.Parallel()
	for _, try := range []struct {
		name, change string
		code         fault.Code
	}{
		{"blocked", "blocked_at = now()", fault.AccountBlocked},
		{"expired", "valid_until = now()", fault.MembershipExpired},
		{"too many devices", "max_devices = 1", fault.DeviceLimit},
	} {
		t.Run(try.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.signIn(w.network(0), victim, device(0))
			w.exec("UPDATE account SET " + try.change)
			w.clock.pass(time.Minute)
			challenge := w.ask(w.network(0), victim, nil)
			code := w.mails.code(t, victim)
			// Before the mailbox is proven nothing tells of it.
			_, err := w.verify(w.network(0), challenge.ID, wrong(code, 0), device(1))
			want(t, err, fault.OTPInvalid)
			_, err = w.verify(w.network(0), challenge.ID, code, device(1))
			want(t, err, try.code)
			w.exec("UPDATE account SET blocked_at = NULL, valid_until = NULL, max_devices = 5")
			_, err = w.verify(w.network(0), challenge.ID, code, device(1))
			want(t, err, fault.OTPInvalid)
			if n := w.count("SELECT count(*) FROM session"); n != 1 {
				t.Errorf("%d sessions, want the first one only", n)
			}
		})
	}
}

func TestTheFirstRightCodeMakesACustomerAndClaimsItsJobs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO job (id, tenant_id, customer_email_key, customer_email, title, included_images, all_images_included, created_at)
		VALUES (gen_random_uuid(), $1, $2, $2, 'A house', 3, false, now())`, w.studio.ID, victim)
	in := w.signIn(w.network(0), victim, device(0))
	if n := w.count("SELECT count(*) FROM account WHERE role = 'CUSTOMER' AND verified_at IS NOT NULL AND id = $1", in.Viewer.AccountID); n != 1 {
		t.Error("no verified customer")
	}
	if n := w.count("SELECT count(*) FROM job WHERE account_id = $1", in.Viewer.AccountID); n != 1 {
		t.Error("the job does not belong to the account")
	}
}

func TestATokenNeedsADevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	challenge := w.ask(w.network(0), victim, nil)
	_, err := w.service.VerifyCode(t.Context(), w.network(0), session.SignIn{
		ChallengeID: challenge.ID, Code: w.mails.code(t, victim), Transport: session.Token,
	})
	if refusal := want(t, err, fault.ValidationFailed); refusal.Fields[0].Path != "input.device" {
		t.Errorf("fields %v", refusal.Fields)
	}
	if n := w.count("SELECT attempts FROM login_challenge"); n != 0 {
		t.Errorf("%d tries taken, want none", n)
	}
}

func TestLastSeenIsWrittenOffTheRequestsPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.signIn(w.network(0), victim, device(0))
	pool, counts := w.tallied()
	service := w.newService(pool, w.mails)
	request := func() {
		t.Helper()
		if _, err := service.Authenticate(t.Context(), in.Token, session.Token, w.studio.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
	seen := "SELECT count(*) FROM device d JOIN account a ON a.id = d.account_id WHERE d.last_seen_at >= $1 AND a.last_seen_at >= $1"
	request() // within a minute of the last time: nothing to write
	service.WriteActivity(t.Context())
	if n := counts.rowsOf("TouchDevices"); n != 0 || len(counts.statements) != 1 {
		t.Errorf("%d statements, want one for the request", len(counts.statements))
	}
	w.clock.pass(61 * time.Second)
	now := w.clock.Now().Truncate(time.Microsecond)
	for range 10 {
		request()
	}
	if n := w.count(seen, now); n != 0 || len(counts.statements) != 11 {
		t.Errorf("%d statements for 11 requests", len(counts.statements))
	}
	running, stop := context.WithCancel(t.Context())
	stop()
	service.Run(running) // writes a last time when it is told to end
	if n := w.count(seen, now); n != 1 {
		t.Error("device and account were not marked as seen")
	}
	if n := len(counts.statements); n != 12 {
		t.Errorf("%d statements, want one more", n)
	}
}

func TestPurgeRemovesWhatIsLongOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO account (id, tenant_id, email_key, email, role, created_at)
		VALUES (gen_random_uuid(), $1, $2, $2, 'ADMIN', now())`, w.studio.ID, victim)
	w.signIn(w.network(0), victim, device(0))
	left := func() [3]int {
		return [3]int{
			w.count("SELECT count(*) FROM login_code") + w.count("SELECT count(*) FROM login_challenge"),
			w.count("SELECT count(*) FROM session"), w.count("SELECT count(*) FROM budget"),
		}
	}
	purge := func() {
		t.Helper()
		if err := w.service.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	before := left()
	purge()
	if got := left(); got != before {
		t.Errorf("left %v, want %v", got, before)
	}
	w.clock.pass(7*24*time.Hour + time.Minute) // the code is over by ten minutes less, the session by twelve hours
	purge()
	if got := left(); got != [3]int{2, 1, 0} {
		t.Errorf("left %v after a week, want code and session, no budgets", got)
	}
	w.clock.pass(12 * time.Hour)
	purge()
	if got := left(); got != [3]int{} {
		t.Errorf("left %v, want nothing", got)
	}
}

// Another site's page signed its visitors in as itself: it cannot read a token of ours.
func TestNobodyIsSignedInByCookieWhoProvesNoOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.from("192.0.2.1")
	challenge := w.ask(c, victim, nil)
	code := w.mails.code(t, victim)
	c.DeviceSecret, c.Jar, c.Unforged = "the-device-of-a-browser", &jar{}, false
	in := session.SignIn{ChallengeID: challenge.ID, Code: code, Transport: session.Cookie}
	if _, err := w.service.VerifyCode(t.Context(), c, in); !fault.Is(err, fault.CSRFFailed) {
		t.Fatalf("signed in, or refused otherwise: %v", err)
	}
	c.Unforged = true
	if _, err := w.service.VerifyCode(t.Context(), c, in); err != nil {
		t.Errorf("the refusal cost a try or the code: %v", err)
	}
}
