package watch_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/mailbox"
	"pixgate/internal/egress"
	"pixgate/internal/id"
	"pixgate/internal/secret"
	"pixgate/internal/webhook/standard"
)

var hookSecret = standard.NewSecret()

const hookURL = "https://hooks.example.com/alerts"

// posted is a request that came.
type posted struct {
	id, at, signatures string
	body               []byte
}

// receiver is an internet of one host, hooks.example.com; the other names lead inside.
type receiver struct {
	server *httptest.Server
	mu     sync.Mutex
	came   []posted
	answer func(n int) int // the status of the nth request, from 1
	each   chan posted
}

func newReceiver(t *testing.T, answer func(n int) int) *receiver {
	t.Helper()
	r := &receiver{answer: answer, each: make(chan posted, 100)}
	r.server = httptest.NewTLSServer(r)
	t.Cleanup(r.server.Close)
	return r
}

// ServeHTTP notes what came.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	one := posted{q.Header.Get("webhook-id"), q.Header.Get("webhook-timestamp"), q.Header.Get("webhook-signature"), body}
	r.mu.Lock()
	r.came = append(r.came, one)
	n := len(r.came)
	r.mu.Unlock()
	w.WriteHeader(r.answer(n))
	r.each <- one
}

func (r *receiver) all() []posted {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.came)
}

// next waits for a request.
func (r *receiver) next(t *testing.T) posted {
	t.Helper()
	select {
	case one := <-r.each:
		return one
	case <-time.After(30 * time.Second):
		t.Fatal("nothing was posted")
		return posted{}
	}
}

// poster posts within the internet of r; without one to nobody.
func (r *receiver) poster() *standard.Poster {
	o := egress.Options{Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
		if host == "hooks.example.com." {
			return []netip.Addr{netip.MustParseAddr("93.184.215.14")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
	}}
	if r != nil {
		o.Roots = r.server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		o.Connect = func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", r.server.Listener.Addr().String())
		}
	}
	return standard.NewPoster(egress.New(o).Client(30*time.Second, 1<<10))
}

func always(status int) func(int) int { return func(int) int { return status } }

// raise writes an alert as [audit.Security] does.
func raise(t *testing.T, c *cast.Cast, tenantID *id.ID, event audit.Event, seen int) id.ID {
	t.Helper()
	alertID := id.New(time.Now())
	c.Exec(t, "INSERT INTO security_alert VALUES ($1, $2, $3, $4, '2026-11-25T12:00:00.25Z', '2026-11-25T12:05:00.25Z')", alertID, tenantID, string(event), seen)
	return alertID
}

// A studio's alert goes to its people by mail and to the installation's webhook, which
// reads how many and of what, and of whom nothing.
func TestAnAlertIsPostedAsWellAsMailed(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, always(http.StatusNoContent))
	s := openStation(t, hookURL, r)
	s.record(s.failures(s.TenantID, 84)...)
	got := r.next(t)
	if to := s.mailed(); len(to) != 3 {
		t.Errorf("mails to %q", to)
	}
	if !regexp.MustCompile(`^\{"type":"security\.alert","timestamp":"20[0-9T:.-]+Z","data":\{"event":"login_failed","studio":"studio","seen":84,"withinSeconds":300,"atLeast":false\}\}$`).Match(got.body) {
		t.Errorf("posted %s", got.body)
	}
	for _, private := range []string{"203.0.113", "4bf92f3577b34da6", s.TenantID.String(), s.Admin.AccountID.String(), "example.com", "@"} {
		if strings.Contains(string(got.body)+got.id, private) {
			t.Errorf("it tells %q: %s %s", private, got.id, got.body)
		}
	}
	var args, queue string
	if err := s.db.Owner.QueryRow(t.Context(), "SELECT args::text, queue FROM task.river_job WHERE kind = 'alert_webhook'").Scan(&args, &queue); err != nil || !regexp.MustCompile(`^\{"alert_id": "[0-9a-f]{32}"\}$`).MatchString(args) {
		t.Errorf("the task's arguments are %s, %v", args, err)
	}
	if queue != "alert" {
		t.Errorf("queued in %q, where programs of before this would take it and not know it", queue)
	}
	verifiable(t, got)
}

// verifiable has the documented receiver judge what came, and what somebody changed.
func verifiable(t *testing.T, got posted) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3: the documented receiver is not tried")
	}
	judge := func(secret string, p posted) bool {
		cmd := exec.CommandContext(t.Context(), python, "../../docs/examples/verify-alert.py", p.id, p.at, p.signatures)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "ALERT_WEBHOOK_SECRET=" + secret}
		cmd.Stdin = strings.NewReader(string(p.body))
		said, err := cmd.CombinedOutput()
		if (err == nil) != (string(said) == "it is pixgate's\n") {
			t.Errorf("%v: %s", err, said)
		}
		return err == nil
	}
	if !judge(hookSecret.Reveal(), got) {
		t.Error("the documented receiver refuses the alert")
	}
	changed, later := got, got
	changed.body = []byte(strings.Replace(string(got.body), "84", "1", 1))
	later.at = "1"
	if judge(hookSecret.Reveal(), changed) || judge(standard.NewSecret().Reveal(), got) || judge(hookSecret.Reveal(), later) {
		t.Error("the documented receiver takes what somebody made up, changed or kept")
	}
}

// Whoever calls the documented receiver wrongly, or is told nonsense, reads a line or two that say so, and no traceback.
func TestTheDocumentedReceiverSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3: the documented receiver is not tried")
	}
	const usage = "usage: ALERT_WEBHOOK_SECRET=whsec_"
	for _, c := range []struct {
		secret string
		args   []string
		want   string
	}{
		{hookSecret.Reveal(), nil, usage},
		{hookSecret.Reveal(), []string{"alert_1", "1"}, usage},
		{hookSecret.Reveal(), []string{"alert_1", "1", "v1,", "more"}, usage},
		{"", []string{"alert_1", "1", "v1,"}, "ALERT_WEBHOOK_SECRET is none: a secret begins with whsec_\n" + usage},
		{"whsec_%%%", []string{"alert_1", "1", "v1,"}, "ALERT_WEBHOOK_SECRET is none: "},
		{"whsec_", []string{"alert_1", "1", "v1,"}, "ALERT_WEBHOOK_SECRET is none: a secret has 24 bytes at least\n"},
		{hookSecret.Reveal(), []string{"alert_1", "now", "v1,"}, "refused: too old"},
		{hookSecret.Reveal(), []string{"alert_1", "1", "v1,"}, "refused: too old"},
		{hookSecret.Reveal(), []string{"alert_1", strings.Repeat("9", 5000), "v1,"}, "refused: too old"},
		{hookSecret.Reveal(), []string{"alert_1", strconv.FormatInt(time.Now().Unix(), 10), "v1,AAAA v1,ä"}, "refused: not signed"},
	} {
		cmd := exec.CommandContext(t.Context(), python, append([]string{"../../docs/examples/verify-alert.py"}, c.args...)...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
		if c.secret != "" {
			cmd.Env = append(cmd.Env, "ALERT_WEBHOOK_SECRET="+c.secret)
		}
		said, err := cmd.CombinedOutput()
		if err == nil || cmd.ProcessState.ExitCode() != 1 || !strings.HasPrefix(string(said), c.want) || strings.Count(string(said), "\n") > 2 {
			t.Errorf("%.40q: %v: %s", c.args, err, said)
		}
	}
}

func TestAMailboxThatIsAwayDoesNotHoldTheWebhook(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, always(http.StatusOK))
	s := openStation(t, hookURL, r)
	s.box.Fail(mailbox.Broken)
	s.record(audit.Incident{Event: audit.LimiterFallback})
	if got := r.next(t); !strings.Contains(string(got.body), `"event":"limiter_fallback","studio":null,"seen":1,`) {
		t.Errorf("posted %s", got.body)
	}
}

// A receiver that fails holds no mail, and gets the same message again, under the same id
// and signed anew.
func TestAReceiverThatFailsIsAskedAgainAndHoldsNoMail(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, func(n int) int {
		if n == 1 {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	s := openStation(t, hookURL, r)
	s.record(s.failures(s.TenantID, 25)...)
	first := r.next(t)
	if to := s.mailed(); len(to) != 3 {
		t.Errorf("mails to %q", to)
	}
	second := r.next(t)
	if first.id != second.id || string(first.body) != string(second.body) || !strings.HasPrefix(first.id, "alert_") {
		t.Errorf("%s %s, then %s %s", first.id, first.body, second.id, second.body)
	}
	if first.at == second.at || first.signatures == second.signatures {
		t.Errorf("the second attempt is of %s, as the first one: receivers will refuse it as too old", second.at)
	}
	s.Exec(t, "UPDATE security_alert SET since = since - interval '1 hour', raised_at = raised_at - interval '1 hour'") // the cool-down is over
	s.record(s.failures(s.TenantID, 25)...)
	if third := r.next(t); third.id == first.id {
		t.Error("the next alert of the same kind has the id of the last one, and is taken for it")
	}
}

func TestWhatIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		url    secret.Value
		answer int
		event  audit.Event
		again  bool
		came   int
		log    string
	}{
		"it is taken":         {hookURL, 200, audit.LoginWrong, false, 1, ""},
		"it fails":            {hookURL, 500, audit.LoginWrong, true, 1, ""},
		"it is not found":     {hookURL, 404, audit.LoginWrong, true, 1, ""},
		"not now":             {hookURL, 429, audit.LoginWrong, true, 1, ""},
		"it is gone":          {hookURL, 410, audit.LoginWrong, false, 1, "level=ERROR msg=\"the alert webhook's receiver is gone"},
		"it moved":            {hookURL, 307, audit.LoginWrong, false, 1, "reason=redirected"},
		"a private address":   {"https://inside.example.com/token", 200, audit.LoginWrong, false, 0, "reason=not_public"},
		"a dead task's alert": {hookURL, 500, audit.TaskDead, false, 1, "could not be posted"},
		"none is set":         {"", 200, audit.LoginWrong, false, 0, "not set any more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, always(c.answer))
			if c.answer == 307 {
				r.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
					w.Header().Set("Location", "https://127.0.0.1/")
					r.ServeHTTP(w, q)
				})
			}
			s := openStation(t, c.url, r)
			err := s.hook.Post(t.Context(), raise(t, s.Cast, &s.TenantID, c.event, 25))
			if (err != nil) != c.again || len(r.all()) != c.came || !strings.Contains(s.log.String(), c.log) {
				t.Errorf("%v, %d requests\n%s", err, len(r.all()), s.log)
			}
			if said := s.log.String(); strings.Contains(said, "hooks.example.com/alerts") || strings.Contains(said, "token") || err != nil && strings.Contains(err.Error(), "/alerts") {
				t.Errorf("it tells the address: %v\n%s", err, said)
			}
			if err := s.hook.Post(t.Context(), id.New(time.Now())); err != nil || len(r.all()) != c.came {
				t.Errorf("an alert that a later one replaced: %v, %d requests", err, len(r.all()))
			}
		})
	}
}

func TestWhatAnAnnouncementSays(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, always(http.StatusOK))
	s := openStation(t, hookURL, r)
	for _, c := range []struct {
		tenant *id.ID
		seen   int
		want   string
	}{
		{&s.ForeignTenantID, 9_999, `"studio":"foreign","seen":9999,"withinSeconds":300,"atLeast":false}`},
		{nil, audit.MostCounted, `"studio":null,"seen":10000,"withinSeconds":300,"atLeast":true}`},
	} {
		alertID := raise(t, s.Cast, c.tenant, audit.CSRFBlocked, c.seen)
		if err := s.hook.Post(t.Context(), alertID); err != nil {
			t.Fatal(err)
		}
		got := r.next(t)
		if want := `{"type":"security.alert","timestamp":"2026-11-25T12:05:00.25Z","data":{"event":"csrf_blocked",` + c.want + `}`; string(got.body) != want || got.id != "alert_"+alertID.String() {
			t.Errorf("posted %s: %s\nwant %s", got.id, got.body, want)
		}
		if !json.Valid(got.body) {
			t.Errorf("no JSON: %s", got.body)
		}
	}
}
