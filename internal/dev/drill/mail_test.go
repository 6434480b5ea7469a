package drill_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pixgate/internal/dev/mailbox"
)

// The server dies after the commit of requestOtp and before the mail has left: at
// once, or with the call to SES under way.
func TestTheMailFollowsACrash(t *testing.T) {
	t.Parallel()
	for name, calling := range map[string]bool{"at once": false, "while SES hangs": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := inhabited(t)
			h.mail.Fail(mailbox.Hang)
			app := h.app()
			challenge := app.challenge(t, h.Owner.Email)
			if calling {
				eventually(t, "SES is called", patience, func() bool { return h.mails.begun.Load() > 0 })
			}
			h.kill()
			h.mail.Recover()
			if n := len(h.mail.Messages()); n != 0 {
				t.Fatalf("%d mails left before the crash", n)
			}
			h.start(t)
			start := time.Now()
			code := h.mailed(t, h.Owner.Email, 1)
			t.Logf("killed %s: the mail came %s after the restart", name, time.Since(start).Round(10*time.Millisecond))
			a, err := app.enter(challenge, code, "a-device-like-any-other")
			if err != nil {
				t.Fatal(err)
			}
			a.fine(t)
		})
	}
}

// A code that has expired meanwhile is never mailed.
func TestNoMailPastTheExpiry(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	h.mail.Fail(mailbox.Hang)
	h.app().challenge(t, h.Owner.Email)
	eventually(t, "SES is called", patience, func() bool { return h.mails.begun.Load() > 0 })
	h.kill()
	h.exec(t, "UPDATE login_code SET created_at = created_at - interval '11 minutes', expires_at = expires_at - interval '11 minutes'")
	h.mail.Recover()
	h.start(t)
	took := eventually(t, "the task is over", patience, func() bool {
		return h.count(t, "SELECT count(*) FROM task.river_job WHERE kind = 'login_mail' AND state IN ('completed', 'cancelled', 'discarded')") == 1
	})
	t.Logf("the task was over %s after the restart", took.Round(10*time.Millisecond))
	if n := len(h.mail.Messages()); n != 0 {
		t.Errorf("%d mails left with a dead code", n)
	}
	if !strings.Contains(h.said.String(), "its code has expired") {
		t.Error("the log says nothing of it")
	}
}

// Whatever is wrong with SES, who asks is told the same as ever, as quickly.
func TestSESIsAway(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]mailbox.Mode{
		"refuses": mailbox.Down, "status 500": mailbox.Broken, "throttles": mailbox.Throttle, "hangs": mailbox.Hang, "loses its answer": mailbox.Lose,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := inhabited(t)
			usual := h.app().ask(t, requestOtp, map[string]any{"input": map[string]any{"email": h.Other.Email}}).fine(t)
			h.mailed(t, h.Other.Email, 1)
			eventually(t, "that call is over", patience, func() bool { return h.mails.over.Load() == h.mails.begun.Load() })
			h.mail.Fail(mode)
			begun, over := h.mails.begun.Load(), h.mails.over.Load()
			app := h.app()
			a := app.ask(t, requestOtp, map[string]any{"input": map[string]any{"email": h.Owner.Email}}).fine(t)
			if shape(a) != shape(usual) || a.find("data", "requestOtp", "retryAfter") != usual.find("data", "requestOtp", "retryAfter") {
				t.Errorf("other headers or length:\n%s\n%s", shape(a), shape(usual))
			}
			if a.took > time.Second {
				t.Errorf("the answer took %s", a.took)
			}
			eventually(t, "SES was called in vain", patience, func() bool {
				return h.mails.over.Load() > over || mode == mailbox.Hang && h.mails.begun.Load() > begun
			})
			h.mail.Recover()
			start := time.Now()
			code := h.mailed(t, h.Owner.Email, 1)
			t.Logf("SES %s: the mail came %s after it was well again", name, time.Since(start).Round(10*time.Millisecond))
			if mode == mailbox.Lose && h.mailed(t, h.Owner.Email, 2) != code {
				t.Error("the second mail has another code")
			}
			entered, err := app.enter(a.text("data", "requestOtp", "challengeId"), code, "a-device-like-any-other")
			if err != nil {
				t.Fatal(err)
			}
			entered.fine(t)
		})
	}
}

// shape is what an answer looks like but for what differs every time.
func shape(a *answer) string {
	header := a.header.Clone()
	for _, name := range []string{"Date", "X-Request-Id", "Content-Length"} { // a time may end in a zero, which is not written
		header.Del(name)
	}
	var text strings.Builder
	text.WriteString(http.StatusText(a.status))
	_ = header.Write(&text) // into memory
	return text.String()
}
