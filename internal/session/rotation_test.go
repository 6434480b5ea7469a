package session_test

import (
	"testing"
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/secret"
	"pixgate/internal/session"
)

// What the service is started with after a change of its secret.
const nextSecret secret.Value = "the next secret of the tests, long enough"

func TestACodeOutlivesAChangeOfTheSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.ask(w.network(0), victim, nil)
	code := w.mails.code(t, victim)
	unmailed := w.ask(w.network(1), "late@example.com", nil)
	w.rotate(nextSecret, codeSecret)
	if _, err := w.verify(w.network(0), before.ID, code, device(0)); err != nil {
		t.Errorf("a code that was mailed before: %v", err)
	}
	if _, err := w.verify(w.network(1), unmailed.ID, w.mails.code(t, "late@example.com"), device(1)); err != nil {
		t.Errorf("a code that was mailed after: %v", err)
	}
	w.signIn(w.network(2), "new@example.com", device(2))
	w.rotate(nextSecret)
	w.signIn(w.network(3), "newer@example.com", device(3))
}

// Of several servers one starts with the new secret first: the others know it already,
// where it was announced to them as one that counts.
func TestAnAnnouncedSecretCountsBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rotate(nextSecret, codeSecret)
	challenge := w.ask(w.network(0), victim, nil)
	code := w.mails.code(t, victim)
	w.rotate(codeSecret, nextSecret)
	if _, err := w.verify(w.network(0), challenge.ID, code, device(0)); err != nil {
		t.Errorf("a code of a server that is ahead: %v", err)
	}
}

// Without the secret before, nothing that it made is right, as after a leak.
func TestACodeDiesWithItsSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	challenge := w.ask(w.network(0), victim, nil)
	code := w.mails.code(t, victim)
	w.rotate(nextSecret)
	_, err := w.verify(w.network(0), challenge.ID, code, device(0))
	want(t, err, fault.OTPInvalid)
}

// An attacker who guesses while the secret changes once had all tries again, since the
// budgets are kept under keyed hashes.
func TestAChangeOfTheSecretGivesNobodyFreshTries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	challenge := w.ask(w.network(0), victim, nil)
	code := w.mails.code(t, victim)
	for n := range 3 {
		_, err := w.verify(w.network(0), challenge.ID, wrong(code, n), device(9))
		want(t, err, fault.OTPInvalid)
	}
	w.rotate(nextSecret, codeSecret)
	again := w.ask(w.network(0), victim, nil) // a stranger once more, with the same code
	for n := range 2 {
		_, err := w.verify(w.network(0), again.ID, wrong(code, 3+n), device(9))
		want(t, err, fault.OTPInvalid)
	}
	_, err := w.verify(w.network(0), again.ID, wrong(code, 5), device(9))
	want(t, err, fault.RateLimited) // five of a network in a quarter of an hour, before and after

	// Nor when the secret before goes: the new one has counted since it came.
	w.rotate(nextSecret)
	_, err = w.verify(w.network(0), challenge.ID, wrong(code, 6), device(9))
	want(t, err, fault.OTPInvalid) // three of the five were before its time
	w.clock.pass(24 * time.Hour)
	w.rotate(codeSecret, nextSecret)
	w.clock.pass(24 * time.Hour)
	late := w.ask(w.network(0), victim, nil)
	code = w.mails.code(t, victim)
	for n := range 5 {
		_, err := w.verify(w.network(0), late.ID, wrong(code, n), device(9))
		want(t, err, fault.OTPInvalid)
	}
	w.rotate(codeSecret)
	_, err = w.verify(w.network(0), late.ID, code, device(9))
	want(t, err, fault.RateLimited)
}

func TestTheMailsOfAnAddressAreCountedOnOverAChangeOfTheSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 { // what a network may have mailed in an hour
		w.ask(w.network(0), victim, nil)
		w.clock.pass(2 * time.Minute)
	}
	w.clock.pass(10 * time.Minute)
	w.rotate(nextSecret, codeSecret)
	_, err := w.service.RequestCode(t.Context(), w.network(0), session.CodeRequest{Email: victim})
	want(t, err, fault.RateLimited)
}

func TestAKnownDeviceStaysKnownOverAChangeOfTheSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := device(0)
	first := w.signIn(w.network(0), victim, known)
	w.clock.pass(2 * time.Minute)
	var tries int
	for _, secrets := range [][]secret.Value{{codeSecret}, {nextSecret, codeSecret}, {nextSecret}} {
		w.rotate(secrets[0], secrets[1:]...)
		if _, err := w.authenticate(first.Token); err != nil {
			t.Fatalf("its session: %v", err)
		}
		for range 2 {
			challenge := w.ask(w.network(1), victim, &known)
			code := w.mails.code(t, victim)
			for n := range 5 {
				if _, err := w.verify(w.network(1), challenge.ID, wrong(code, n), known); fault.Is(err, fault.OTPInvalid) {
					tries++
				}
			}
			w.clock.pass(2 * time.Minute)
		}
	}
	// Twenty an hour: ten before, ten while both counted, ten more when only the new one did.
	if challenges := w.count("SELECT count(*) FROM login_challenge WHERE known_device"); tries != 30 || challenges != 6 {
		t.Errorf("%d tries, %d challenges of a known device", tries, challenges)
	}
}
