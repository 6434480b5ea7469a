package drill_test

import (
	"fmt"
	"maps"
	"sync"
	"testing"
)

// volley lets n callers loose at once, and counts what they are told.
func volley(t *testing.T, n int, call func(i int) (*answer, error)) map[string]int {
	t.Helper()
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		told = map[string]int{}
	)
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			a, err := call(i)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				told["error: "+err.Error()]++
			case a.code() != "":
				told[fmt.Sprintf("%d %s", a.status, a.code())]++
			default:
				told[fmt.Sprint(a.status)]++
			}
		})
	}
	close(start)
	all.Wait()
	return told
}

func TestFiftyWrongGuesses(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	app := h.app()
	challenge := app.challenge(t, h.Owner.Email)
	code := h.mailed(t, h.Owner.Email, 1)
	told := volley(t, 50, func(int) (*answer, error) {
		thief := *app
		thief.from = address()
		return thief.enter(challenge, wrong(code), "a-device-like-any-other")
	})
	if n := told["401 OTP_INVALID"] + told["429 RATE_LIMITED"]; n != 50 {
		t.Errorf("told %v", told)
	}
	if n := h.count(t, "SELECT attempts FROM login_challenge"); n != 5 {
		t.Errorf("%d guesses were judged, want 5", n)
	}
	late, err := app.enter(challenge, code, "a-device-like-any-other")
	if err != nil {
		t.Fatal(err)
	}
	if late.status == 200 {
		t.Error("the right code, after five wrong ones, was let in")
	}
}

// The right code is among the guesses, but not among the first five: it must not
// be told from a wrong one.
func TestTheSixthGuessIsNotJudged(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	app := h.app()
	challenge := app.challenge(t, h.Owner.Email)
	code := h.mailed(t, h.Owner.Email, 1)
	guess := func(digits string) *answer {
		thief := *app
		thief.from = address()
		a, err := thief.enter(challenge, digits, "a-device-like-any-other")
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for range 5 {
		guess(wrong(code)).refused(t, 401, "OTP_INVALID")
	}
	if right, bad := guess(code), guess(wrong(code)); right.status != bad.status || string(right.body) != string(bad.body) || right.status != 401 {
		t.Errorf("the right code %s, a wrong one %s", right, bad)
	}
}

func TestFiftyRightCodes(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	app := h.app()
	challenge := app.challenge(t, "new@customer.test")
	code := h.mailed(t, "new@customer.test", 1)
	sessions, devices := h.count(t, "SELECT count(*) FROM session"), h.count(t, "SELECT count(*) FROM device")
	told := volley(t, 50, func(i int) (*answer, error) {
		one := *app
		one.from = address()
		return one.enter(challenge, code, fmt.Sprintf("a-device-of-number-%d", i))
	})
	if told["200"] != 1 || told["200"]+told["401 OTP_INVALID"]+told["429 RATE_LIMITED"] != 50 {
		t.Errorf("told %v, want one session", told)
	}
	if n := h.count(t, "SELECT count(*) FROM session") - sessions; n != 1 {
		t.Errorf("%d sessions", n)
	}
	if n := h.count(t, "SELECT count(*) FROM device") - devices; n != 1 {
		t.Errorf("%d devices", n)
	}
}

// A trigger keeps every code unspent, so that nothing but the rule about devices
// stands between twenty right codes and twenty sessions.
func TestTwentySignInsWithRoomForThree(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	const email = "three@customer.test"
	h.exec(t, `CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN NEW.consumed_at := NULL; NEW.stranger_tries := 0; RETURN NEW; END $$`)
	h.exec(t, "CREATE TRIGGER stay BEFORE UPDATE ON login_code FOR EACH ROW EXECUTE FUNCTION stay()")
	h.exec(t, `INSERT INTO account (id, tenant_id, email_key, email, max_devices, created_at) VALUES (gen_random_uuid(), $1, $2, $2, 3, now())`, h.TenantID, email)
	apps, challenges := make([]*caller, 20), make([]string, 20)
	for i := range apps {
		apps[i] = h.app()
		challenges[i] = apps[i].challenge(t, email)
	}
	code := h.mailed(t, email, 1)
	told := volley(t, 20, func(i int) (*answer, error) {
		return apps[i].enter(challenges[i], code, fmt.Sprintf("a-device-of-number-%d", i))
	})
	if want := map[string]int{"200": 3, "403 DEVICE_LIMIT": 17}; !maps.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	if n := h.count(t, "SELECT count(*) FROM device d JOIN account a ON a.id = d.account_id WHERE a.email = $1 AND d.removed_at IS NULL", email); n != 3 {
		t.Errorf("%d devices, want 3", n)
	}
}
