package drill_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A request that is under way when the server is told to stop is answered; new
// ones are not taken.
func TestACleanStop(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	tx, err := h.db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }() // closed by then
	if _, err := tx.Exec(t.Context(), "LOCK TABLE image IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	answered := make(chan *answer, 1)
	go func() {
		a, err := h.as(h.Owner).graphql(gallery, map[string]any{"id": h.Package.PublicID()})
		if err != nil {
			a = &answer{}
		}
		answered <- a
	}()
	eventually(t, "a request waits for the lock", patience, func() bool {
		return h.count(t, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'image'::regclass") > 0
	})
	s, start := h.server, time.Now()
	if err := syscall.Kill(s.cmd.Process.Pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nobody is let in any more", patience, func() bool {
		conn, err := net.Dial("tcp", h.env["ADDR"])
		if err != nil {
			return true
		}
		conn.Close()
		return false
	})
	select {
	case <-s.child.Done():
		t.Fatal("the server did not wait for the request")
	default:
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := <-answered; a.status != 200 || len(a.list("data", "job", "images", "nodes")) != 6 {
		t.Errorf("the request under way: %s", a)
	}
	select {
	case <-s.child.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not end")
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	t.Logf("ended %s after SIGTERM", time.Since(start).Round(10*time.Millisecond))
	h.server = nil
}

// One who never reads the answer, and never finishes the request, does not keep
// the server from ending within its patience.
func TestAStopDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	conn, err := net.Dial("tcp", h.env["ADDR"])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("POST /graphql HTTP/1.1\r\nHost: api.studio.test\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server answers others", patience, func() bool { return alive("http://" + h.env["ADDR"]) })
	s, start := h.server, time.Now()
	if err := syscall.Kill(s.cmd.Process.Pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.child.Done():
	case <-time.After(25 * time.Second):
		t.Fatal("the server does not end")
	}
	t.Logf("ended with %d, %s after SIGTERM", s.cmd.ProcessState.ExitCode(), time.Since(start).Round(10*time.Millisecond))
	h.server = nil
}

func TestAStartWithBadSettings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, change := range map[string]map[string]string{
		"nothing at all": nil,
		"all of it weak": {
			"APP_ENV": "production", "PUBLIC_URLS": "http://api.studio.test", "CORS_ORIGINS": "*", "TRUST_PROXY": "0.0.0.0/0",
			"DATABASE_URL": "mysql://leaked-user:leaked-password@leaked-db/x", "S3_ENDPOINT": "http://leaked-key:leaked-secret@storage.test",
			"S3_SECRET_ACCESS_KEY": " leaked-storage-secret", "SES_SECRET_ACCESS_KEY": "leaked-mail-secret\n",
			"OTP_SECRET": "leaked", "AUDIT_SECRET": "leakedleakedleakedleakedleakedleaked", "DOWNLOAD_URL_TTL": "1h",
		},
	} {
		env := h.environment()
		var wanted []string
		if change == nil {
			env = nil
			wanted = []string{"APP_ENV", "DATABASE_URL", "S3_ENDPOINT", "S3_BUCKET", "SES_ACCESS_KEY_ID", "MAIL_FROM", "OTP_SECRET", "AUDIT_SECRET", "CSRF_SECRET", "PUBLIC_URLS"}
		}
		for variable, value := range change {
			env = append(env, variable+"="+value)
			if variable != "APP_ENV" {
				wanted = append(wanted, variable)
			}
		}
		code, out, problems := h.command(t, env)
		lines := strings.Split(strings.TrimSpace(problems), "\n")
		if code != 1 || out != "" {
			t.Errorf("%s: ended with %d, standard output %q", name, code, out)
		}
		if len(leaks(out+problems, h.secrets(), "")) > 0 || strings.Contains(strings.ToLower(problems), "leaked-") || strings.Contains(problems, "leakedleaked") {
			t.Errorf("%s: a value is shown: %s", name, h.mask(problems))
		}
		for _, variable := range wanted {
			n := 0
			for _, line := range lines {
				if strings.Contains(line, variable+" ") {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s: %s stands on %d lines, want 1:\n%s", name, variable, n, h.mask(problems))
			}
		}
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, c := range []struct {
		args     []string
		code     int
		out, err string // must be held
	}{
		{[]string{"schema"}, 0, "type Mutation", ""},
		{[]string{"help"}, 0, "pixgate migrate", ""},
		{[]string{"nonsense"}, 2, "", "pixgate migrate"},
		{[]string{"migrate", "now"}, 2, "", "pixgate migrate"},
		{[]string{"admin"}, 2, "", "pixgate migrate"},
		{[]string{"tenant"}, 2, "", "pixgate tenant"},
		{[]string{"tenant", "-h"}, 0, "forget-after-days", ""},
		{[]string{"admin", "grant"}, 2, "", "pixgate migrate"},
		{[]string{"admin", "revoke", "--operator", "a@b.test"}, 2, "", "pixgate migrate"},
		{[]string{"admin", "grant", "nobody"}, 1, "", "no mail address"},
		{[]string{"admin", "grant", "--tenant", "elsewhere", "a@b.test"}, 1, "", ""},
		{[]string{"demo"}, 1, "", "not with APP_ENV=production"},
	} {
		code, out, problems := h.command(t, h.environment(), c.args...)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(problems, c.err) || c.out == "" && out != "" || code != 0 && problems == "" {
			t.Errorf("%q ended with %d, want %d: %.200s | %.200s", c.args, code, c.code, h.mask(out), h.mask(problems))
		}
		if found := leaks(out+problems, h.secrets(), ""); len(found) > 0 {
			t.Errorf("%q shows %v", c.args, found)
		}
	}
	for i, want := range []string{"made the studio studio (studio.test)", ""} {
		out := h.run(t, "migrate")
		if !strings.Contains(out, "the tables are up to date") || want != "" != strings.Contains(out, "made the studio") || !strings.Contains(out, want) {
			t.Errorf("migrate, time %d: %q", i+1, out)
		}
	}
	for i, want := range []string{"is now ADMIN", "nothing to do"} {
		if out := h.run(t, "admin", "grant", "a@b.test"); !strings.Contains(out, want) {
			t.Errorf("grant, time %d: %q", i+1, out)
		}
	}
	if out := h.run(t, "tenant", "add", "nord", "name=Studio Nord", "hosts=api.nord.test"); !strings.Contains(out, "made the studio nord (Studio Nord)") {
		t.Errorf("tenant add: %q", out)
	}
	if out := h.run(t, "tenant", "list"); !strings.Contains(out, "nord") || !strings.Contains(out, "api.nord.test") {
		t.Errorf("tenant list: %q", out)
	}
	if code, out, problems := h.command(t, h.environment(), "tenant", "add", "sued", "hosts=api.nord.test"); code != 1 || out != "" || problems != "the host api.nord.test is the studio nord's already\n" {
		t.Errorf("a host that another studio has: %d %q %q", code, out, problems)
	}
	if code, _, problems := h.command(t, h.environment(), "admin", "revoke", "a@b.test"); code != 1 || problems == "" {
		t.Errorf("the last admin was revoked: %d", code)
	}
}

// What is not as the server needs it is said in one line, and is no start.
func TestStartsThatFail(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	fails := func(name, says string, change ...string) {
		t.Helper()
		start := time.Now()
		code, out, problems := h.command(t, append(h.environment(), change...))
		if code != 1 || out != "" || !strings.Contains(problems, says) || strings.Count(problems, "\n") > 3 {
			t.Errorf("%s: ended with %d, %q", name, code, h.mask(problems))
		}
		if found := leaks(problems, h.secrets(), ""); len(found) > 0 {
			t.Errorf("%s: shows %v", name, found)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
	}
	password := h.secret("another password")
	fails("no such database", "database", "DATABASE_URL="+strings.Replace(h.env["DATABASE_URL"], "/test_", "/gone_", 1))
	fails("nobody listens", "database", "DATABASE_URL=postgres://pixgate_server:"+password+"@127.0.0.1:9/pixgate")
	fails("no such host", "database", "DATABASE_URL=postgres://pixgate_server:"+password+"@nowhere.invalid/pixgate")
	h.empty(t)
	if _, _, problems := h.command(t, h.environment()); strings.Count(problems, "\n") != 1 {
		t.Errorf("not one line: %q", problems)
	}
	fails("not migrated", "pixgate migrate")

	h.run(t, "migrate")
	if code, _, problems := h.command(t, append(h.environment(), "ADDR="+taken.Addr().String())); code != 1 || !strings.Contains(problems, "listen") {
		t.Errorf("a port that is taken: %d, %q", code, h.mask(problems))
	}
	h.start(t)
	if a := h.app().ask(t, "{ viewer { id } }", nil); a.status != http.StatusOK {
		t.Errorf("after a new migration: %s", a)
	}
	for _, sql := range []string{"UPDATE audit_entry SET reason = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"} {
		if _, err := h.db.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("the server's role may %s", sql)
		}
	}
}

// empty undoes all migrations.
func (h *house) empty(t *testing.T) {
	t.Helper()
	for _, sql := range []string{"DROP SCHEMA task CASCADE", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public"} {
		h.exec(t, sql)
	}
}

// Two servers of one installation are often rolled out at once.
func TestTwoMigrationsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 5 {
		h.empty(t)
		told := make(chan string, 2)
		for range 2 {
			go func() {
				code, _, problems := h.command(t, h.environment(), "migrate")
				told <- fmt.Sprintf("%d: %s", code, h.mask(problems))
			}()
		}
		for range 2 {
			if one := <-told; !strings.HasPrefix(one, "0") {
				t.Errorf("of two migrations at once one ended with %s", one)
			}
		}
	}
}
