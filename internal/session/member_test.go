package session_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/secret"
	"pixgate/internal/session"
)

// limited makes the victim's account, with three devices at most.
func (w *world) limited() {
	w.t.Helper()
	w.exec(`INSERT INTO account (id, tenant_id, email_key, email, max_devices, verified_at, created_at)
		VALUES (gen_random_uuid(), $1, $2, $2, 3, now(), now())`, w.studio.ID, victim)
}

// crowd signs in fifty devices at once.
func (w *world) crowd(policy account.DevicePolicy, replace bool) ([]session.SignedIn, []error) {
	w.t.Helper()
	all := make([]session.SignedIn, 50)
	return all, parallel(len(all), func(i int) (err error) {
		d, c := device(i), w.network(i)
		c.Tenant.Devices = policy
		all[i], err = w.service.OpenForTest(w.t.Context(), c, session.SignIn{Device: &d, Transport: session.Token, ReplaceDevice: replace}, victim)
		return err
	})
}

// Whatever the policy: after any number of sign-ins at once there are as many devices as
// there may be, and as many of their sessions are alive.
func TestFiftySignInsAtOnceLeaveTheLimitOfDevices(t *testing.T) {
	t.Parallel()
	for _, try := range []struct {
		name    string
		policy  account.DevicePolicy
		replace bool
		in      int
	}{
		{"refuse", account.RefuseDevice, false, 3},
		{"no policy", "", false, 3},
		{"replace, as asked", account.RefuseDevice, true, 50},
		{"replace, by the policy", account.ReplaceOldest, false, 50},
	} {
		t.Run(try.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.limited()
			sessions, errs := w.crowd(try.policy, try.replace)
			if got := codes(errs); got[""] != try.in || got[fault.DeviceLimit] != 50-try.in {
				t.Errorf("answers %v, want %d sessions", got, try.in)
			}
			if n := w.count("SELECT count(*) FROM device WHERE removed_at IS NULL"); n != 3 {
				t.Errorf("%d devices, want 3", n)
			}
			alive := 0
			for _, in := range sessions {
				if _, err := w.authenticate(in.Token); err == nil {
					alive++
				}
			}
			if alive != 3 {
				t.Errorf("%d sessions are alive, want 3", alive)
			}
		})
	}
}

// An admin blocks somebody who signs in on fifty devices at that moment: whoever came in
// before is out, and nobody comes in after.
func TestABlockBetweenFiftySignInsShutsAllOfThemOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.limited()
	w.exec("UPDATE account SET max_devices = 100")
	boss := w.boss()
	members := account.NewMembers(w.db.Pool, audit.NewLog(secret.NewRing(auditSecret, ""), w.clock.Now), w.clock.Now)
	sessions := make([]session.SignedIn, 51)
	errs := parallel(51, func(i int) (err error) {
		if i == 25 {
			_, _, err = members.Block(t.Context(), boss, id.Account.Format(w.accountOf(victim)), "")
			return err
		}
		d := device(i)
		sessions[i], err = w.service.OpenForTest(t.Context(), w.network(i), session.SignIn{Device: &d, Transport: session.Token}, victim)
		return err
	})
	if got := codes(errs); got[""]+got[fault.AccountBlocked] != 51 {
		t.Errorf("answers %v", got)
	}
	for i, in := range sessions {
		if v, err := w.authenticate(in.Token); err == nil && v.Good(w.clock.Now()) == nil {
			t.Errorf("sign-in %d is let through after the block", i)
		}
	}
	d := device(99)
	_, err := w.service.OpenForTest(t.Context(), w.network(99), session.SignIn{Device: &d, Transport: session.Token}, victim)
	want(t, err, fault.AccountBlocked)
}

// boss is an admin.
func (w *world) boss() account.Viewer {
	w.t.Helper()
	const email = "boss@example.com"
	w.exec(`INSERT INTO account (id, tenant_id, email_key, email, role, created_at) VALUES (gen_random_uuid(), $1, $2, $2, 'ADMIN', now())`, w.studio.ID, email)
	return w.viewerOf(w.accountOf(email), account.Admin)
}

func (w *world) viewerOf(accountID id.ID, role account.Role) account.Viewer {
	return account.Viewer{TenantID: w.studio.ID, AccountID: accountID, SessionID: id.New(w.clock.Now()), Role: role, RequestID: "request"}
}

// Somebody tries a stolen token with device after device.
func TestTheThirdForeignDeviceEndsTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.signIn(w.network(0), victim, device(0))
	try := func(n int) error {
		_, err := w.service.Authenticate(t.Context(), in.Token, session.Token, w.studio.ID, device(n).Secret)
		return err
	}
	for n := 1; n < 3; n++ {
		want(t, try(n), fault.DeviceMismatch)
		want(t, try(0), "") // a request of its own device between them pardons nothing
	}
	want(t, try(3), fault.DeviceMismatch)
	want(t, try(0), fault.Unauthenticated)
	want(t, try(4), fault.Unauthenticated)
}

func TestFiftyForeignDevicesAtOnceAreThreeMismatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.signIn(w.network(0), victim, device(0))
	errs := parallel(50, func(i int) error {
		_, err := w.service.Authenticate(t.Context(), in.Token, session.Token, w.studio.ID, device(i+1).Secret)
		return err
	})
	if got := codes(errs); got[fault.DeviceMismatch] != 3 || got[fault.Unauthenticated] != 47 {
		t.Errorf("answers %v, want three mismatches and signed out from then on", got)
	}
	if n := w.count("SELECT count(*) FROM session WHERE mismatches = 3 AND revoked_at IS NOT NULL"); n != 1 {
		t.Error("the session did not end with the third")
	}
}

// A gallery asks a thousand times a second, for a minute.
func TestAMinuteOfAThousandRequestsASecondIsWrittenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.signIn(w.network(0), victim, device(0))
	pool, counts := w.tallied()
	service := w.newService(pool, w.mails)
	stored := func() (at time.Time) {
		if err := w.db.Owner.QueryRow(t.Context(), "SELECT last_seen_at FROM device WHERE id = $1", in.Viewer.DeviceID).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	known := stored()
	for n := range 60_000 {
		w.clock.pass(time.Millisecond)
		service.NoteForTest(in.Viewer.DeviceID, known) // each request has read this
		if n%10_000 == 9_999 {                         // ten seconds
			service.WriteActivity(t.Context())
			known = stored()
		}
	}
	last := w.clock.Now().UTC().Truncate(time.Microsecond)
	writes := len(counts.statements)
	t.Logf("%d writes for 60,000 requests", writes)
	if writes != 1 {
		t.Errorf("%d writes for a minute, want one", writes)
	}
	// Told to end, it writes what it knows, to the microsecond.
	w.clock.pass(17 * time.Second)
	service.NoteForTest(in.Viewer.DeviceID, known)
	ended, stop := context.WithCancel(t.Context())
	stop()
	service.Run(ended)
	last = last.Add(17 * time.Second)
	if got := stored(); !got.Equal(last) {
		t.Errorf("last seen at %v, want %v", got, last)
	}
	accounts := account.NewAccounts(w.db.Pool, w.clock.Now)
	admin := w.boss()
	for _, try := range []struct {
		later time.Duration
		want  int
	}{{5*time.Minute - time.Second, 1}, {time.Second, 0}} {
		w.clock.pass(try.later)
		got, err := accounts.Activity(t.Context(), admin)
		if err != nil || got.Now.All != try.want || got.Now.Handheld != try.want || got.Today.All != 1 {
			t.Errorf("%v after the last request: %+v, %v; want %d now", w.clock.Now().Sub(last), got, err, try.want)
		}
	}
}

// What a device did last, within the minute after a write, was once forgotten.
func TestTheLastRequestBeforeSilenceIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.signIn(w.network(0), victim, device(0))
	w.clock.pass(40 * time.Second)
	last := w.clock.Now().UTC().Truncate(time.Microsecond)
	if _, err := w.authenticate(in.Token); err != nil {
		t.Fatal(err)
	}
	seen := func() int { return w.count("SELECT count(*) FROM device WHERE last_seen_at = $1", last) }
	w.service.WriteActivity(t.Context())
	if seen() != 0 {
		t.Error("written within the minute of the one before")
	}
	w.clock.pass(20 * time.Second)
	w.service.WriteActivity(t.Context())
	if seen() != 1 {
		t.Error("the last request is not written a minute later")
	}
}

// A write that fails is tried again, and loses nothing.
func TestActivityOutlivesAWriteThatFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.signIn(w.network(0), victim, device(0))
	w.clock.pass(2 * time.Minute)
	last := w.clock.Now().UTC().Truncate(time.Microsecond)
	if _, err := w.authenticate(in.Token); err != nil {
		t.Fatal(err)
	}
	w.exec("REVOKE UPDATE ON device FROM pixgate_server")
	w.service.WriteActivity(t.Context())
	w.exec("GRANT UPDATE ON device TO pixgate_server")
	w.service.WriteActivity(t.Context())
	if n := w.count("SELECT count(*) FROM device d JOIN account a ON a.id = d.account_id WHERE d.last_seen_at = $1 AND a.last_seen_at = $1", last); n != 1 {
		t.Error("what could not be written is lost")
	}
	if !strings.Contains(w.log.String(), "could not write when devices were seen") {
		t.Error("nobody was told")
	}
}

// Somebody who knows an address spends all that strangers may try with it. Its owner has
// a new phone, and calls the studio.
func TestAnAdminReleasesASignInThatStrangersHaveSpent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.viewerOf(w.people(), account.Admin)
	// Each challenge has five tries, each network five; an address has twenty an hour.
	attack := func(first int) {
		t.Helper()
		for n := range 4 {
			w.clock.pass(time.Minute)
			challenge := w.ask(w.network(first+n), victim, nil)
			code := w.mails.code(t, victim)
			for guess := range 5 {
				_, err := w.verify(w.network(first+n), challenge.ID, wrong(code, guess), device(first+n))
				want(t, err, fault.OTPInvalid)
			}
		}
	}
	owner := func() error {
		w.clock.pass(time.Minute)
		challenge, err := w.service.RequestCode(t.Context(), w.network(7), session.CodeRequest{Email: victim})
		if err != nil {
			return err
		}
		_, err = w.verify(w.network(7), challenge.ID, w.mails.code(t, victim), device(7))
		return err
	}
	attack(100)
	want(t, owner(), fault.RateLimited)
	if err := w.service.Release(t.Context(), admin, session.Release{Email: " " + strings.ToUpper(victim), Reason: "new phone"}); err != nil {
		t.Fatal(err)
	}
	want(t, owner(), "")

	// The guesses of a day can't be had again and again.
	public := id.Account.Format(w.accountOf(victim))
	refused := want(t, w.service.Release(t.Context(), admin, session.Release{AccountID: public}), fault.RateLimited)
	if refused.RetryAfter < 23*time.Hour || refused.RetryAfter > 24*time.Hour {
		t.Errorf("again in %v", refused.RetryAfter)
	}
	w.clock.pass(25 * time.Hour)
	if err := w.service.Release(t.Context(), admin, session.Release{AccountID: public}); err != nil {
		t.Error(err)
	}
	if n := w.count("SELECT count(*) FROM audit_entry WHERE action = 'login.released' AND account_id = $1 AND actor_id = $2 AND new_value NOT LIKE '%@%'", w.accountOf(victim), admin.AccountID); n != 2 {
		t.Errorf("%d entries tell of it without an address, want 2", n)
	}
}

// An erased account has no address to release.
func TestTheSignInOfWhoWasErasedIsNotReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.viewerOf(w.people(), account.Admin)
	gone := w.accountOf(victim)
	w.exec("UPDATE account SET email_key = 'erased ' || id, email = 'erased ' || id, locale = NULL, verified_at = NULL, blocked_at = now(), erased_at = now() WHERE id = $1", gone)
	want(t, w.service.Release(t.Context(), admin, session.Release{AccountID: id.Account.Format(gone)}), fault.Forbidden)
}

func TestNobodyElseReleasesASignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.people()
	elsewhere := w.viewerOf(admin, account.Admin)
	elsewhere.TenantID = w.addStudio("elsewhere", true).ID
	public := id.Account.Format(w.accountOf(victim))
	for name, try := range map[string]struct {
		v account.Viewer
		r session.Release
	}{
		"a customer":              {w.viewerOf(w.accountOf(victim), account.Customer), session.Release{AccountID: public}},
		"a photographer":          {w.viewerOf(w.accountOf("foto@example.com"), account.Photographer), session.Release{AccountID: public}},
		"another studio's admin":  {elsewhere, session.Release{AccountID: public}},
		"an id of something else": {w.viewerOf(admin, account.Admin), session.Release{AccountID: id.Job.Format(id.Nil)}},
		"an unknown id":           {w.viewerOf(admin, account.Admin), session.Release{AccountID: id.Account.Format(id.Nil)}},
	} {
		if err := w.service.Release(t.Context(), try.v, try.r); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Fifty at once are one.
	errs := parallel(50, func(int) error {
		return w.service.Release(t.Context(), w.viewerOf(admin, account.Admin), session.Release{AccountID: public})
	})
	if got := codes(errs); got[""] != 1 || got[fault.RateLimited] != 49 {
		t.Errorf("fifty at once: %v", got)
	}
	if err := w.service.Release(t.Context(), w.viewerOf(admin, account.Admin), session.Release{Email: fmt.Sprintf("a%cb@example.com", 7)}); !fault.Is(err, fault.ValidationFailed) {
		t.Errorf("no address: %v", err)
	}
}
