package session_test

import (
	"fmt"
	"testing"
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/session"
)

const victim = "victim@example.com"

func TestFiftyParallelGuessesAreJudgedFiveTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	challenge := w.ask(w.network(0), victim, nil)
	code := w.mails.code(t, victim)
	pool, counts := w.tallied()
	service := w.newService(pool, w.mails)
	// Each from a network of its own, or the network's budget would hide the rule.
	errs := parallel(50, func(i int) error {
		d := device(i)
		_, err := service.VerifyCode(t.Context(), w.network(i), session.SignIn{
			ChallengeID: challenge.ID, Code: wrong(code, i), Device: &d, Transport: session.Token,
		})
		return err
	})
	got := codes(errs)
	if got[fault.OTPInvalid] != 20 || got[fault.RateLimited] != 30 {
		t.Errorf("answers %v, want 20 OTP_INVALID (the address's budget) and 30 RATE_LIMITED", got)
	}
	if judged := counts.rowsOf("TakeTry"); judged != 5 {
		t.Errorf("%d guesses judged, want 5", judged)
	}
	w.forgive()
	_, err := w.verify(w.network(60), challenge.ID, code, device(0))
	want(t, err, fault.OTPInvalid)
}

func TestFiftyParallelRightCodesMakeOneSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	challenge := w.ask(w.network(0), victim, nil)
	code := w.mails.code(t, victim)
	errs := parallel(50, func(i int) error {
		_, err := w.verify(w.network(i), challenge.ID, code, device(i))
		return err
	})
	if got := codes(errs); got[""] != 1 || got[""]+got[fault.OTPInvalid]+got[fault.RateLimited] != 50 {
		t.Errorf("answers %v, want one success and refusals", got)
	}
	if n := w.count("SELECT count(*) FROM session"); n != 1 {
		t.Errorf("%d sessions, want 1", n)
	}
}

func TestParallelRightCodesOfTwoChallengesMakeOneSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.ask(w.network(0), victim, nil)
	w.clock.pass(2 * time.Minute)
	old := w.mails.code(t, victim)
	second := w.ask(w.network(1), victim, nil)
	fresh := w.mails.code(t, victim)
	for range 10 {
		w.exec("UPDATE login_code SET consumed_at = NULL, stranger_tries = 0")
		w.exec("UPDATE login_challenge SET attempts = 0")
		w.exec("DELETE FROM session")
		w.exec("DELETE FROM device")
		w.forgive()
		got := codes(parallel(8, func(i int) error {
			if i%2 == 0 {
				_, err := w.verify(w.network(i), first.ID, old, device(i))
				return err
			}
			_, err := w.verify(w.network(i), second.ID, fresh, device(i))
			return err
		}))
		if got[""] != 1 || got[fault.OTPInvalid] != 7 {
			t.Fatalf("answers %v, want one success and seven OTP_INVALID", got)
		}
	}
}

func TestOneSuccessBurnsEveryCodeOfTheAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	early := w.ask(w.network(0), victim, nil)
	earlyCode := w.mails.code(t, victim)
	w.clock.pass(2 * time.Minute)
	late := w.ask(w.network(1), victim, nil)
	lateCode := w.mails.code(t, victim)
	// A newer code doesn't void another client's live code.
	if _, err := w.verify(w.network(0), early.ID, earlyCode, device(0)); err != nil {
		t.Fatalf("the older code: %v", err)
	}
	_, err := w.verify(w.network(1), late.ID, lateCode, device(1))
	want(t, err, fault.OTPInvalid)
	_, err = w.verify(w.network(0), early.ID, earlyCode, device(0))
	want(t, err, fault.OTPInvalid)
}

func TestAttackerWhoKnowsTheAddressCannotBurnTheVictimsTries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := w.ask(w.network(0), victim, nil)
	code := w.mails.code(t, victim)
	for i := range 3 {
		attached := w.ask(w.network(1+i), victim, nil)
		for n := range 5 {
			_, err := w.verify(w.network(1+i), attached.ID, wrong(code, n), device(99))
			want(t, err, fault.OTPInvalid)
		}
	}
	if sent := len(w.mails.deliver(t)); sent != 1 {
		t.Errorf("%d mails within a minute, want 1", sent)
	}
	if _, err := w.verify(w.network(0), own.ID, code, device(0)); err != nil {
		t.Fatalf("the victim after 15 wrong guesses by others: %v", err)
	}
}

func TestTwentyStrangersFailuresEndTheCodeForStrangersOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn(w.network(0), victim, device(0))
	w.clock.pass(2 * time.Hour)
	w.forgive()

	stranger := w.ask(w.network(50), victim, nil)
	code := w.mails.code(t, victim)
	known := device(0)
	own := w.ask(w.network(51), victim, &known) // served by the code that was mailed
	for i := range 4 {
		attached := w.ask(w.network(1+i), victim, nil)
		for n := range 5 {
			_, err := w.verify(w.network(1+i), attached.ID, wrong(code, n), device(99))
			want(t, err, fault.OTPInvalid)
		}
	}
	_, err := w.verify(w.network(50), stranger.ID, code, device(98))
	want(t, err, fault.RateLimited) // the address has had its 20 failures this hour
	w.forgive()
	_, err = w.verify(w.network(50), stranger.ID, code, device(98))
	want(t, err, fault.OTPInvalid) // and the code its 20
	if _, err := w.verify(w.network(51), own.ID, code, known); err != nil {
		t.Fatalf("the known device: %v", err)
	}
}

func TestAttackFromManyNetworksDoesNotStopTheKnownDevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := device(0)
	w.signIn(w.network(0), victim, known)
	for i := range 120 { // three hours of it
		w.clock.pass(90 * time.Second)
		c := w.network(1 + i)
		challenge, err := w.service.RequestCode(t.Context(), c, session.CodeRequest{Email: victim})
		if err != nil {
			want(t, err, fault.RateLimited)
			continue
		}
		code := w.mails.code(t, victim)
		for n := range 5 {
			if _, err := w.verify(c, challenge.ID, wrong(code, n), device(99)); err == nil {
				t.Fatal("a wrong code was taken")
			}
		}
	}
	_, err := w.service.RequestCode(t.Context(), w.network(121), session.CodeRequest{Email: victim})
	want(t, err, fault.RateLimited) // strangers are out
	w.clock.pass(20 * time.Second)
	challenge := w.ask(w.network(0), victim, &known)
	if _, err := w.verify(w.network(0), challenge.ID, w.mails.code(t, victim), known); err != nil {
		t.Fatalf("the known device under attack: %v", err)
	}
}

func TestAKnownDevicesSecretOpensItsLaneForItsOwnAccountOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attacker := device(7)
	w.signIn(w.network(0), "attacker@example.com", attacker)
	w.ask(w.network(1), victim, &attacker)
	if n := w.count("SELECT count(*) FROM login_challenge WHERE known_device"); n != 0 {
		t.Errorf("%d challenges in the lane of known devices, want none", n)
	}
}

func TestFailuresOfAKnownDeviceHaveTheirOwnLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := device(0)
	w.signIn(w.network(0), victim, known)
	var got []error
	for range 5 {
		w.clock.pass(2 * time.Minute)
		challenge := w.ask(w.network(0), victim, &known)
		code := w.mails.code(t, victim)
		for n := range 5 {
			_, err := w.verify(w.network(0), challenge.ID, wrong(code, n), known)
			got = append(got, err)
		}
	}
	for i, err := range got {
		if i < 20 {
			want(t, err, fault.OTPInvalid)
		} else {
			want(t, err, fault.RateLimited)
		}
	}
}

func TestFailuresFromOneNetworkStopThatNetworkOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attacker := w.ask(w.from("192.0.2.1"), victim, nil)
	code := w.mails.code(t, victim)
	own := w.ask(w.from("198.51.100.1"), victim, nil)
	for n := range 5 {
		_, err := w.verify(w.from("192.0.2.2"), attacker.ID, wrong(code, n), device(9))
		want(t, err, fault.OTPInvalid)
	}
	// Refused tries cost the address nothing, however many there are.
	for n := range 40 {
		_, err := w.verify(w.from(fmt.Sprintf("192.0.2.%d", 10+n)), attacker.ID, wrong(code, n), device(9))
		refusal := want(t, err, fault.RateLimited)
		if refusal.RetryAfter <= 0 || refusal.RetryAfter > 15*time.Minute {
			t.Fatalf("retry after %v, want within 15 minutes", refusal.RetryAfter)
		}
	}
	if _, err := w.verify(w.from("198.51.100.1"), own.ID, code, device(0)); err != nil {
		t.Fatalf("the victim: %v", err)
	}
}

// Made-up challenges once used up what an address had: whoever shared it with an
// attacker was refused with the right code.
func TestGuessesAtUnknownChallengesCostNobodyATry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 30 {
		_, err := w.verify(w.from("192.0.2.1"), "no-such-challenge", "123456", device(0))
		want(t, err, fault.OTPInvalid)
	}
	own := w.ask(w.from("192.0.2.1"), victim, nil)
	if _, err := w.verify(w.from("192.0.2.1"), own.ID, w.mails.code(t, victim), device(0)); err != nil {
		t.Errorf("a neighbour of the attacker: %v", err)
	}
	if n := w.count("SELECT coalesce(max(used), 0) FROM budget"); n > 1 {
		t.Errorf("a budget of %d was used", n)
	}
}

// One network alone once spent the fifty failures that an address has a day.
func TestOneNetworkCanNotLockANewDeviceOutForTheDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attacker, limited := w.from("192.0.2.1"), 0
	for range 24 {
		for range 2 {
			challenge, err := w.service.RequestCode(t.Context(), attacker, session.CodeRequest{Email: victim})
			if err != nil {
				want(t, err, fault.RateLimited)
				limited++
			}
			for n := range 5 {
				if _, err := w.verify(attacker, challenge.ID, fmt.Sprintf("%06d", n), device(9)); fault.Is(err, fault.RateLimited) {
					limited++
				}
			}
			w.clock.pass(16 * time.Minute)
		}
		w.clock.pass(28 * time.Minute)
		if w.count("SELECT count(*) FROM session") > 0 {
			t.Skip("one of the guesses was right: 1 in 20,000")
		}
	}
	if limited == 0 {
		t.Error("the attacker was never told to wait")
	}
	own := w.ask(w.from("198.51.100.1"), victim, nil)
	if _, err := w.verify(w.from("198.51.100.1"), own.ID, w.mails.code(t, victim), device(0)); err != nil {
		t.Errorf("the victim, from another network: %v", err)
	}
}

func TestSuccessPaysTheTryBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const failures = 5 // budgets that a stranger's try is counted in
	challenge := w.ask(w.network(0), victim, nil)
	code := w.mails.code(t, victim)
	w.forgive()
	_, err := w.verify(w.network(0), challenge.ID, wrong(code, 0), device(0))
	want(t, err, fault.OTPInvalid)
	if _, err := w.verify(w.network(0), challenge.ID, code, device(0)); err != nil {
		t.Fatal(err)
	}
	if n := w.count("SELECT count(*) FROM budget WHERE used = 1"); n != failures {
		t.Errorf("%d budgets hold the one failure, want %d", n, failures)
	}
}

func TestMalformedCodeCostsNoTry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	challenge := w.ask(w.network(0), victim, nil)
	code := w.mails.code(t, victim)
	used := w.count("SELECT coalesce(sum(used), 0) FROM budget")
	for _, text := range []string{"", "12345", "1234567", "12345a", "12 456", "１２３４５６", "-12345", "+12345", "123456\x00", "1234.6"} {
		_, err := w.verify(w.network(0), challenge.ID, text, device(0))
		refusal := want(t, err, fault.ValidationFailed)
		if len(refusal.Fields) != 1 || refusal.Fields[0].Path != "input.code" {
			t.Errorf("fields %v for %q", refusal.Fields, text)
		}
	}
	if n := w.count("SELECT attempts FROM login_challenge"); n != 0 {
		t.Errorf("%d tries taken, want none", n)
	}
	if n := w.count("SELECT coalesce(sum(used), 0) FROM budget"); n != used {
		t.Errorf("budgets went from %d to %d", used, n)
	}
	if _, err := w.verify(w.network(0), challenge.ID, " \t"+code+" \n", device(0)); err != nil {
		t.Fatalf("the right code with outer spaces: %v", err)
	}
}

func TestCodeDiesAfterTenMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	challenge := w.ask(w.network(0), victim, nil)
	code := w.mails.code(t, victim)
	if left := challenge.ExpiresAt.Sub(w.clock.Now()); left > 10*time.Minute || left < 10*time.Minute-time.Millisecond {
		t.Errorf("valid for %v, want 10 minutes", left)
	}
	w.clock.pass(10 * time.Minute)
	pool, counts := w.tallied()
	d := device(0)
	_, err := w.newService(pool, w.mails).VerifyCode(t.Context(), w.network(0), session.SignIn{
		ChallengeID: challenge.ID, Code: code, Device: &d, Transport: session.Token,
	})
	want(t, err, fault.OTPInvalid)
	if judged := counts.rowsOf("TakeTry"); judged != 0 {
		t.Error("a guess at a dead code was judged")
	}
}

func TestAnAddressHasFiftyFailuresADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var got []error
	for hour := range 3 {
		for i := range 4 {
			c := w.network(10*hour + i)
			challenge := w.ask(c, victim, nil)
			code := w.mails.code(t, victim)
			for n := range 5 {
				_, err := w.verify(c, challenge.ID, wrong(code, n), device(99))
				got = append(got, err)
			}
		}
		w.clock.pass(time.Hour)
	}
	for i, err := range got {
		if i < 50 {
			want(t, err, fault.OTPInvalid)
		} else if refusal := want(t, err, fault.RateLimited); refusal.RetryAfter != 22*time.Hour {
			t.Errorf("retry after %v, want what is left of the day", refusal.RetryAfter)
		}
	}
}

func TestAnotherStudiosChallengeIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.addStudio("other", true)
	challenge := w.ask(w.network(0), victim, nil)
	code := w.mails.code(t, victim)
	c := w.network(0)
	c.Tenant = other
	_, err := w.verify(c, challenge.ID, code, device(0))
	want(t, err, fault.OTPInvalid)
	if n := w.count("SELECT attempts FROM login_challenge"); n != 0 {
		t.Errorf("%d tries taken, want none", n)
	}
	if _, err := w.verify(w.network(0), challenge.ID, code, device(0)); err != nil {
		t.Fatal(err)
	}
}
