package session_test

import (
	"testing"
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/session"
)

func TestTwentyParallelSignInsStopAtTheDeviceLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO account (id, tenant_id, email_key, email, max_devices, created_at)
		VALUES (gen_random_uuid(), $1, $2, $2, 3, now())`, w.studio.ID, victim)
	errs := parallel(20, func(i int) error {
		d := device(i)
		_, err := w.service.OpenForTest(t.Context(), w.network(i), session.SignIn{Device: &d, Transport: session.Token}, victim)
		return err
	})
	if got := codes(errs); got[""] != 3 || got[fault.DeviceLimit] != 17 {
		t.Errorf("answers %v, want 3 sessions and 17 DEVICE_LIMIT", got)
	}
	if n := w.count("SELECT count(*) FROM device WHERE removed_at IS NULL"); n != 3 {
		t.Errorf("%d devices, want 3", n)
	}
}

// The same, all the way from the request on.
func TestTwentyDevicesThatSignInAllTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO account (id, tenant_id, email_key, email, max_devices, created_at)
		VALUES (gen_random_uuid(), $1, $2, $2, 3, now())`, w.studio.ID, victim)
	var got []error
	for round := 0; len(got) < 20 && round < 40; round++ {
		w.forgive()
		w.clock.pass(time.Minute)
		challenges := make([]session.Challenge, 20-len(got))
		for i := range challenges {
			challenges[i] = w.ask(w.network(i), victim, nil)
		}
		code := w.mails.code(t, victim)
		for _, err := range parallel(len(challenges), func(i int) error {
			_, err := w.verify(w.network(i), challenges[i].ID, code, device(100*round+i))
			return err
		}) {
			if !fault.Is(err, fault.OTPInvalid) { // another one's success has burnt the code
				got = append(got, err)
			}
		}
	}
	if counts := codes(got); counts[""] != 3 || counts[fault.DeviceLimit] != 17 {
		t.Errorf("answers %v, want 3 sessions and 17 DEVICE_LIMIT", counts)
	}
}

func TestAtTheLimitTheLongestUnseenDeviceCanBeReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var sessions []session.SignedIn
	for i := range 3 {
		w.clock.pass(time.Minute)
		w.forgive()
		sessions = append(sessions, w.signIn(w.network(i), victim, device(i)))
	}
	w.exec("UPDATE account SET max_devices = 3")
	w.clock.pass(2 * time.Minute)
	if _, err := w.authenticate(sessions[0].Token); err != nil { // so device 1 is the longest unseen
		t.Fatal(err)
	}
	w.service.WriteActivity(t.Context())
	challenge := w.ask(w.network(5), victim, nil)
	d := device(5)
	in, err := w.service.VerifyCode(t.Context(), w.network(5), session.SignIn{
		ChallengeID: challenge.ID, Code: w.mails.code(t, victim), Device: &d, Transport: session.Token, ReplaceDevice: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, token := range []string{sessions[0].Token, sessions[2].Token, in.Token} {
		if _, err := w.authenticate(token); err != nil {
			t.Errorf("session %d of those that stay: %v", i, err)
		}
	}
	_, err = w.authenticate(sessions[1].Token)
	want(t, err, fault.Unauthenticated)
	if n := w.count("SELECT count(*) FROM session WHERE revoked_at IS NOT NULL"); n != 1 {
		t.Errorf("%d sessions revoked, want 1", n)
	}
}

func TestForgottenDevicesDoNotCountUntilTheyComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn(w.network(0), victim, device(0))
	w.exec("UPDATE account SET max_devices = 1")
	w.clock.pass(91 * 24 * time.Hour)
	w.signIn(w.network(1), victim, device(1))
	w.clock.pass(time.Minute)
	// Back again, the forgotten one is one too many.
	challenge := w.ask(w.network(0), victim, nil)
	_, err := w.verify(w.network(0), challenge.ID, w.mails.code(t, victim), device(0))
	want(t, err, fault.DeviceLimit)
}

func TestADeviceAtTheLimitSignsInAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn(w.network(0), victim, device(0))
	w.exec("UPDATE account SET max_devices = 1")
	w.clock.pass(40 * 24 * time.Hour) // idle for too long, so the session is over
	in := w.signIn(w.network(0), victim, device(0))
	if _, err := w.authenticate(in.Token); err != nil {
		t.Errorf("the device was unseen until it signed in: %v", err)
	}
}

func TestDevicesAreNamedInAFewWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signInByCookie("192.0.2.1", victim, "the-device-of-a-browser")
	if n := w.count("SELECT count(*) FROM device WHERE name = 'Firefox, Windows' AND kind = 'DESKTOP'"); n != 1 {
		t.Error("the browser has another name")
	}
	w.clock.pass(time.Minute)
	w.signIn(w.network(1), victim, session.Device{Secret: "a-phone-without-a-name"})
	if n := w.count("SELECT count(*) FROM device WHERE name = 'Unknown device' AND kind = 'OTHER'"); n != 1 {
		t.Error("the phone has another name")
	}
}
