package drill_test

import (
	"slices"
	"testing"
)

// Somebody who knows nothing but the address tries to lock its owner out.
func TestAStrangerCannotLockAnybodyOut(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	email := h.Owner.Email
	victim := h.browser(t).signIn(t, email, 1, "") // this browser's device is known from now on
	victim.ask(t, "mutation { logout { ok } }", nil).fine(t)
	later := func() {
		h.exec(t, "UPDATE login_code SET created_at = created_at - interval '2 minutes'")
		h.exec(t, "UPDATE login_challenge SET created_at = created_at - interval '2 minutes'")
	}
	later()

	// The victim asks first; the stranger then tries to burn the victim's tries.
	first := victim.challenge(t, email)
	code := h.mailed(t, email, 2)
	told := map[string]int{}
	for i := range 40 {
		stranger := h.app()
		if i%5 == 0 {
			later()
		}
		a, err := stranger.graphql(requestOtp, map[string]any{"input": map[string]any{"email": email}})
		if err != nil {
			t.Fatal(err)
		}
		told["asked: "+a.code()]++
		for range 2 {
			guessed, err := stranger.enter(a.text("data", "requestOtp", "challengeId"), wrong(code), "a-device-of-a-stranger")
			if err != nil {
				t.Fatal(err)
			}
			told["guessed: "+guessed.code()]++
		}
	}
	if told["guessed: RATE_LIMITED"] == 0 || told["guessed: "] > 0 {
		t.Errorf("the stranger was told %v", told)
	}
	a, err := victim.enter(first, code, "")
	if err != nil {
		t.Fatal(err)
	}
	a.fine(t)

	// With all that strangers may do used up, the known device still gets in.
	victim.ask(t, "mutation { logout { ok } }", nil).fine(t)
	later()
	before := 0 // without the alerts that all of this gave to others
	for _, m := range h.mail.Messages() {
		if slices.Contains(m.To, email) {
			before++
		}
	}
	again := victim.challenge(t, email)
	a, err = victim.enter(again, h.mailed(t, email, before+1), "")
	if err != nil {
		t.Fatal(err)
	}
	a.fine(t)
}

// Nothing in an answer tells whether an address is known.
func TestNothingTellsWhoIsKnown(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	for _, closed := range []bool{false, true} {
		if closed {
			h.exec(t, "UPDATE tenant SET sign_up = false")
			h.exec(t, "UPDATE login_code SET created_at = created_at - interval '2 minutes'")
			h.stop(t) // what is known of studios is kept for some seconds
			h.start(t)
		}
		var usual, wrongly string
		for _, email := range []string{h.Owner.Email, h.Admin.Email, h.Blocked.Email, h.Expired.Email, "nobody@example.com", "never-seen@customer.test"} {
			app := h.app()
			a := app.ask(t, requestOtp, map[string]any{"input": map[string]any{"email": email}}).fine(t)
			guessed, err := app.enter(a.text("data", "requestOtp", "challengeId"), "000000", "a-device-like-any-other")
			if err != nil {
				t.Fatal(err)
			}
			if guessed.status == 200 || guessed.status == 403 {
				continue // the one guess in a million
			}
			got, said := shape(a), headers(guessed)+string(guessed.body)
			if usual == "" {
				usual, wrongly = got, said
			}
			if got != usual || said != wrongly || a.find("data", "requestOtp", "retryAfter") != 60.0 {
				t.Errorf("an address of its own kind (sign-up closed: %t): %s, %s", closed, a, guessed)
			}
		}
	}
}
