package session_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/session"
	"pixgate/internal/task"
)

func (w *world) request(c session.Client, email string, device *session.Device) error {
	_, err := w.service.RequestCode(w.t.Context(), c, session.CodeRequest{Email: email, Device: device})
	return err
}

func TestWithinAMinuteTheSameAskerWaitsAndAnotherIsServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.ask(w.from("192.0.2.1"), victim, nil)
	if first.RetryAfter != time.Minute {
		t.Errorf("retry after %v, want a minute", first.RetryAfter)
	}
	w.clock.pass(20 * time.Second)
	refusal := want(t, w.request(w.from("192.0.2.200"), "  VICTIM@Example.com ", nil), fault.RateLimited)
	if refusal.RetryAfter != 40*time.Second {
		t.Errorf("retry after %v, want 40 s", refusal.RetryAfter)
	}
	second := w.ask(w.from("198.51.100.1"), victim, nil)
	if second.ID == first.ID || second.RetryAfter != 40*time.Second || !second.ExpiresAt.Equal(first.ExpiresAt) {
		t.Errorf("another asker got %v and %v, want the same code under a challenge of its own", second.ExpiresAt, second.RetryAfter)
	}
	if sent := len(w.mails.deliver(t)); sent != 1 {
		t.Errorf("%d mails, want 1", sent)
	}
	if _, err := w.verify(w.from("198.51.100.1"), second.ID, w.mails.code(t, victim), device(0)); err != nil {
		t.Errorf("the other asker with the code that was mailed: %v", err)
	}
	w.clock.pass(40 * time.Second)
	w.ask(w.from("192.0.2.1"), victim, nil)
	if sent := len(w.mails.deliver(t)); sent != 2 {
		t.Errorf("%d mails after a minute, want 2", sent)
	}
}

func TestParallelRequestsSendOneMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := codes(parallel(30, func(i int) error { return w.request(w.network(i%10), victim, nil) }))
	if got[""] != 10 || got[fault.RateLimited] != 20 {
		t.Errorf("answers %v, want each of 10 networks served once", got)
	}
	if sent := len(w.mails.deliver(t)); sent != 1 {
		t.Errorf("%d mails, want 1", sent)
	}
}

func TestMailsToAnAddressAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 5 {
		w.ask(w.network(i), victim, nil)
		w.clock.pass(time.Minute)
	}
	// Past the budget a stranger is served by the code that is still live …
	used := w.count("SELECT sum(used) FROM budget")
	attached := w.ask(w.network(5), victim, nil)
	if n := w.count("SELECT sum(used) FROM budget"); n != used {
		t.Errorf("no mail cost %d", n-used)
	}
	if attached.RetryAfter != time.Minute {
		t.Errorf("retry after %v, want a minute", attached.RetryAfter)
	}
	want(t, w.request(w.network(5), victim, nil), fault.RateLimited) // but not again and again
	if sent := len(w.mails.deliver(t)); sent != 5 {
		t.Errorf("%d mails, want 5", sent)
	}
	if _, err := w.verify(w.network(5), attached.ID, w.mails.code(t, victim), device(0)); err != nil {
		t.Errorf("the code that is still live: %v", err)
	}
	// … and told to wait when there is none.
	w.clock.pass(10 * time.Minute)
	refusal := want(t, w.request(w.network(6), victim, nil), fault.RateLimited)
	if refusal.RetryAfter != 45*time.Minute {
		t.Errorf("retry after %v, want what is left of the hour", refusal.RetryAfter)
	}
	w.clock.pass(45 * time.Minute)
	w.ask(w.network(6), victim, nil)
	if sent := len(w.mails.deliver(t)); sent != 6 {
		t.Errorf("%d mails after an hour, want 6", sent)
	}
}

func TestMailsToAnAddressAreLimitedByDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 15 {
		w.ask(w.network(i), victim, nil)
		w.clock.pass(13 * time.Minute)
	}
	want(t, w.request(w.network(15), victim, nil), fault.RateLimited)
	w.clock.pass(21 * time.Hour)
	w.ask(w.network(15), victim, nil)
}

func TestOneNetworkGetsTwoMailsAnHourForAnAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 {
		w.ask(w.from("192.0.2.1"), victim, nil)
		w.clock.pass(time.Minute)
	}
	// Refused requests cost the address nothing.
	for n := range 10 {
		want(t, w.request(w.from(fmt.Sprintf("192.0.2.%d", n)), victim, nil), fault.RateLimited)
	}
	for i := range 3 {
		w.ask(w.network(i), victim, nil)
		w.clock.pass(time.Minute)
	}
	if sent := len(w.mails.deliver(t)); sent != 5 {
		t.Errorf("%d mails, want 5", sent)
	}
}

func TestOneAddressOfTheNetGetsTenMails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 10 {
		w.ask(w.from("2001:db8::1"), fmt.Sprintf("somebody%d@example.com", i), nil)
	}
	want(t, w.request(w.from("2001:db8::2"), victim, nil), fault.RateLimited) // of the same /64
	w.ask(w.from("2001:db8:0:1::1"), victim, nil)
	w.clock.pass(10 * time.Minute)
	w.ask(w.from("2001:db8::1"), "somebody.else@example.com", nil)
}

func TestAKnownDeviceHasMailsThatStrangersCannotUseUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := device(0)
	w.signIn(w.network(0), victim, known)
	w.forgive()
	w.clock.pass(time.Minute)
	for i := range 5 {
		w.ask(w.network(1+i), victim, nil)
		w.clock.pass(time.Minute)
	}
	cookie := w.network(0)
	cookie.DeviceSecret = known.Secret // the same device, by its cookie
	for i := range 5 {
		if i%2 == 0 {
			w.ask(w.network(0), victim, &known)
		} else {
			w.ask(cookie, victim, nil)
		}
		w.clock.pass(time.Minute)
	}
	if n := w.count("SELECT count(*) FROM login_code"); n != 11 {
		t.Errorf("%d codes, want 1 + 5 for strangers + 5 for the device", n)
	}
	want(t, w.request(w.network(0), victim, &known), fault.RateLimited)
}

func TestAKnownDeviceHoldsToOneMailAMinuteToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := device(0)
	w.signIn(w.network(0), victim, known)
	w.clock.pass(30 * time.Second)
	// The code of the minute is spent: no mail, no challenge that nothing answers.
	refusal := want(t, w.request(w.network(0), victim, &known), fault.RateLimited)
	if refusal.RetryAfter != 30*time.Second {
		t.Errorf("retry after %v, want 30 s", refusal.RetryAfter)
	}
	// A stranger must not learn that somebody signed in.
	w.ask(w.network(1), victim, nil)
	if sent := len(w.mails.deliver(t)); sent != 1 {
		t.Errorf("%d mails, want 1", sent)
	}
}

// An address without an account must cost and answer what a known one does,
// whether it gets a mail or a decoy.
func TestNothingTellsWhetherAnAddressIsKnown(t *testing.T) {
	t.Parallel()
	for _, signUp := range []bool{true, false} {
		t.Run(fmt.Sprintf("sign-up %t", signUp), func(t *testing.T) {
			t.Parallel()
			knownAndUnknownAlike(t, signUp)
		})
	}
}

func knownAndUnknownAlike(t *testing.T, signUp bool) {
	w := newWorld(t)
	w.exec("UPDATE tenant SET sign_up = $1", signUp)
	w.studio.SignUp = signUp
	w.exec(`INSERT INTO account (id, tenant_id, email_key, email, verified_at, created_at)
		VALUES (gen_random_uuid(), $1, $2, $2, now(), now())`, w.studio.ID, victim)

	type trace struct {
		statements []string
		rows       map[string]int64
		answers    []string
	}
	walk := func(email string, n int) trace {
		pool, counts := w.tallied()
		queue, err := task.NewQueue(pool) // the real one: its statements count too
		if err != nil {
			t.Fatal(err)
		}
		service := w.newService(pool, queue)
		var answers []string
		note := func(what string, err error) {
			if err != nil {
				refusal := fault.As(err)
				what += fmt.Sprint(refusal.Code, refusal.Message, refusal.RetryAfter, refusal.Fields)
			}
			answers = append(answers, what)
		}
		ask := func(c session.Client) string {
			challenge, err := service.RequestCode(t.Context(), c, session.CodeRequest{Email: email})
			note(fmt.Sprint(len(challenge.ID), challenge.ExpiresAt.Sub(w.clock.Now()).Round(time.Second), challenge.RetryAfter), err)
			return challenge.ID
		}
		own := ask(w.network(n))
		ask(w.network(n))
		ask(w.network(n + 1))
		// Of the code of a known address nothing is known here: a guess is wrong but once in a million.
		for range 7 {
			d := device(5)
			_, err := service.VerifyCode(t.Context(), w.network(n), session.SignIn{ChallengeID: own, Code: "000000", Device: &d, Transport: session.Token})
			note("", err)
		}
		return trace{counts.statements, counts.rows, answers}
	}
	known, unknown := walk(victim, 0), walk("nobody@example.com", 10)
	if !slices.Equal(known.statements, unknown.statements) {
		t.Errorf("statements differ:\n%s\n\n%s", strings.Join(known.statements, "\n"), strings.Join(unknown.statements, "\n"))
	}
	if !maps.Equal(known.rows, unknown.rows) {
		t.Errorf("rows differ:\n%v\n%v", known.rows, unknown.rows)
	}
	if !slices.Equal(known.answers, unknown.answers) {
		t.Errorf("answers differ:\n%v\n%v", known.answers, unknown.answers)
	}
	if n := w.count("SELECT count(*) FROM login_code WHERE decoy"); (n == 1) == signUp {
		t.Errorf("%d decoys", n)
	}
	if n := w.count("SELECT count(*) FROM task.river_job"); n != 2 {
		t.Errorf("%d mail tasks, want one for each", n)
	}
}

func TestADecoySendsNothingAndIsNeverRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.studio.SignUp = false
	challenge := w.ask(w.network(0), victim, nil)
	if sent := len(w.mails.deliver(t)); sent != 0 {
		t.Errorf("%d mails, want none", sent)
	}
	w.exec("UPDATE login_code SET decoy = false")
	code := w.mails.code(t, victim)
	w.exec("UPDATE login_code SET decoy = true")
	_, err := w.verify(w.network(0), challenge.ID, code, device(0))
	want(t, err, fault.OTPInvalid)
	if n := w.count("SELECT count(*) FROM account"); n != 0 {
		t.Errorf("%d accounts, want none", n)
	}
}

func TestNewAddressesHaveADailyCap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO account (id, tenant_id, email_key, email, created_at)
		VALUES (gen_random_uuid(), $1, 'known@example.com', 'known@example.com', now())`, w.studio.ID)
	w.ask(w.network(0), victim, nil)
	w.ask(w.network(1), "other@example.com", nil)
	w.exec("UPDATE budget SET used = 500 WHERE used = 2") // the only one that both count against
	w.ask(w.network(2), "late@example.com", nil)
	w.clock.pass(time.Minute)
	w.ask(w.network(3), "late@example.com", nil) // a decoy is no mail: still new
	if decoys := w.count("SELECT count(*) FROM login_code WHERE decoy AND email_key = 'late@example.com'"); decoys != 2 {
		t.Errorf("%d decoys past the cap, want 2", decoys)
	}
	// Accounts, and whoever was mailed before, are not held up.
	w.ask(w.network(4), "known@example.com", nil)
	w.ask(w.network(5), victim, nil)
	if decoys := w.count("SELECT count(*) FROM login_code WHERE decoy"); decoys != 2 {
		t.Errorf("%d decoys, want 2", decoys)
	}
}

// The budget of newcomers once showed in retryAfter: a stranger who was limited
// anyway learnt for free which addresses had an account.
func TestRetryAfterDoesNotTellWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO account (id, tenant_id, email_key, email, created_at)
		VALUES (gen_random_uuid(), $1, 'known@example.com', 'known@example.com', now())`, w.studio.ID)
	w.ask(w.network(0), victim, nil)
	w.ask(w.network(1), "other@example.com", nil)
	w.exec("UPDATE budget SET used = 500 WHERE used = 2") // newcomers: nothing left
	prober := w.from("192.0.2.1")
	for n := range 10 { // what an address may ask in ten minutes
		w.ask(prober, fmt.Sprintf("probe%d@example.com", n), nil)
	}
	waits := map[string]time.Duration{}
	for _, email := range []string{"known@example.com", "unknown@example.com"} {
		_, err := w.service.RequestCode(t.Context(), prober, session.CodeRequest{Email: email})
		waits[email] = want(t, err, fault.RateLimited).RetryAfter
	}
	if waits["known@example.com"] != waits["unknown@example.com"] {
		t.Errorf("known and unknown differ: %v", waits)
	}
}

// Strangers once kept clients out for whom a job was waiting, by asking for 500
// new addresses.
func TestAClientWithAJobIsNoNewcomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	closed := w.addStudio("closed", false)
	for _, studio := range []account.Tenant{w.studio, closed} {
		w.exec(`INSERT INTO job (id, tenant_id, customer_email_key, customer_email, title, included_images, all_images_included, created_at)
			VALUES (gen_random_uuid(), $1, 'invited@example.com', 'invited@example.com', 'x', 0, false, now())`, studio.ID)
	}
	w.ask(w.network(0), victim, nil)
	w.ask(w.network(1), "other@example.com", nil)
	w.exec("UPDATE budget SET used = 500 WHERE used = 2")
	w.ask(w.network(2), "invited@example.com", nil)
	client := w.network(3)
	client.Tenant = closed
	w.ask(client, "invited@example.com", nil)
	w.ask(client, "stranger@example.com", nil)
	if n := w.count("SELECT count(*) FROM login_code WHERE decoy AND email_key = 'invited@example.com'"); n != 0 {
		t.Errorf("%d of the invited client's codes are decoys", n)
	}
	if n := w.count("SELECT count(*) FROM login_code WHERE decoy AND email_key = 'stranger@example.com'"); n != 1 {
		t.Error("a closed studio mails to strangers")
	}
}

func TestMailGoesToTheStoredSpellingInTheRightLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO account (id, tenant_id, email_key, email, locale, created_at)
		VALUES (gen_random_uuid(), $1, $2, 'Victim@example.com', 'en', now())`, w.studio.ID, victim)
	w.ask(w.network(0), "VICTIM@EXAMPLE.COM", nil)
	w.ask(w.network(1), "Neu@Example.com", nil)
	if _, err := w.service.RequestCode(t.Context(), w.network(2), session.CodeRequest{Email: "new@example.com", Locale: account.English}); err != nil {
		t.Fatal(err)
	}
	sent := w.mails.deliver(t)
	subjects := map[string]string{
		"Victim@example.com": "Your Studio studio sign-in code", "Neu@example.com": "Dein Studio studio Login-Code",
		"new@example.com": "Your Studio studio sign-in code",
	}
	for _, m := range sent {
		if subjects[m.To] != m.Subject {
			t.Errorf("mail to %s with subject %q", m.To, m.Subject)
		}
	}
	if len(sent) != 3 {
		t.Errorf("%d mails, want 3", len(sent))
	}
}

func TestBadRequestsForACodeNameTheirFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	short := session.Device{Secret: "too-short", Name: "x\ny", Kind: "TOASTER"}
	_, err := w.service.RequestCode(t.Context(), w.network(0), session.CodeRequest{Email: "a@b", Device: &short, Locale: "fr"})
	refusal := want(t, err, fault.ValidationFailed)
	var paths []string
	for _, field := range refusal.Fields {
		paths = append(paths, field.Path)
	}
	slices.Sort(paths)
	if got := strings.Join(paths, " "); got != "input.device.id input.device.kind input.device.name input.email input.locale" {
		t.Errorf("fields %s", got)
	}
	err = w.request(w.network(0), "", nil)
	if refusal := want(t, err, fault.ValidationFailed); refusal.Fields[0].Code != fault.Required {
		t.Errorf("fields %v, want required", refusal.Fields)
	}
	if n := w.count("SELECT count(*) FROM budget"); n != 0 {
		t.Errorf("%d budgets touched", n)
	}
}
