package main

import (
	"bufio"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/dev/process"
)

const standin = "pixgate/internal/dev/testdata/standin"

// site is an installation for a test.
type site struct {
	dir, addr, report string
	environ           []string
}

func newSite(t *testing.T, more ...string) site {
	t.Helper()
	port, err := process.Free(0)
	if err != nil {
		t.Fatal(err)
	}
	s := site{
		dir: filepath.Join(t.TempDir(), "var"), report: filepath.Join(t.TempDir(), "report"),
		addr: "127.0.0.1:" + strconv.Itoa(port),
	}
	s.environ = append(os.Environ(), "ADDR="+s.addr, "STANDIN_REPORT="+s.report)
	s.environ = append(s.environ, more...)
	return s
}

// start runs the embedded default until it has greeted. end waits for its end.
func (s site) start(t *testing.T, fresh bool) (stop func(), end func() error) {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	said, say := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, installation{
			root: root, dir: s.dir, program: standin, environ: s.environ, out: say,
			fresh: fresh, sure: func() bool { return true },
		})
		say.Close()
		ended <- err
	}()
	greeted(t, said)
	return cancel, func() error { return <-ended }
}

// greeted reads up to the last line of a start, and goes on reading.
func greeted(t *testing.T, said io.Reader) {
	t.Helper()
	lines := bufio.NewScanner(said)
	var all strings.Builder
	for lines.Scan() {
		all.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "Ctrl-C") {
			for _, want := range []string{"/playground", "Mailbox", "  Anna  anna@example.org  customer\n"} {
				if !strings.Contains(all.String(), want) {
					t.Errorf("the greeting lacks %q:\n%s", want, &all)
				}
			}
			go io.Copy(io.Discard, said)
			return
		}
	}
	t.Fatalf("it did not start:\n%s", &all)
}

// environment asks the stand-in what it was given.
func (s site) environment(t *testing.T) map[string]string {
	t.Helper()
	answer, err := http.Get("http://" + s.addr + "/environment")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	given := map[string]string{}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), "=")
		given[name] = value
	}
	return given
}

func starts(t *testing.T, url string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM starts").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestLife(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	stop, end := s.start(t, false)
	first := s.environment(t)
	want := map[string]string{
		"APP_ENV": "development", "PUBLIC_URLS": "http://localhost:" + s.addr[len("127.0.0.1:"):],
		"CORS_ORIGINS": "http://localhost:3000", "MAIL_FROM": "pix.immo <no-reply@pix.immo>",
		"S3_BUCKET": bucket, "SES_REGION": "eu-central-1",
	}
	for name, value := range want {
		if first[name] != value {
			t.Errorf("%s is %q, want %q", name, first[name], value)
		}
	}
	for _, name := range append([]string{"DATABASE_URL", "MIGRATE_DATABASE_URL", "REDIS_URL", "S3_ENDPOINT", "S3_REGION",
		"S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "SES_ENDPOINT", "SES_ACCESS_KEY_ID", "SES_SECRET_ACCESS_KEY", "METRICS_ADDR"}, secretNames...) {
		if first[name] == "" {
			t.Errorf("%s is not set", name)
		}
	}
	for file, mode := range map[string]os.FileMode{s.dir: 0o700, filepath.Join(s.dir, "secrets"): 0o600} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v, want %o", file, info.Mode(), err, mode)
		}
	}
	if n := starts(t, first["DATABASE_URL"]); n != 1 {
		t.Errorf("the demo was loaded %d times", n)
	}
	if err := run(t.Context(), installation{dir: s.dir, out: io.Discard}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second run in the same folder: %v", err)
	}

	stop()
	if err := end(); err != nil {
		t.Errorf("stopped: %v", err)
	}
	// It drained while every part was there; then they went.
	if report, err := os.ReadFile(s.report); err != nil || string(report) != "drained" {
		t.Errorf("the server's end: %q, %v", report, err)
	}
	if conn, err := pgx.Connect(t.Context(), first["DATABASE_URL"]); err == nil {
		conn.Close(t.Context())
		t.Error("PostgreSQL still runs")
	}

	stop, end = s.start(t, false)
	second := s.environment(t)
	maps.DeleteFunc(first, func(name, value string) bool { return second[name] == value })
	for name := range first {
		if strings.HasSuffix(name, "_SECRET") || strings.HasPrefix(name, "S3_") || name == "DATABASE_URL" || name == "SES_ENDPOINT" {
			t.Errorf("%s changed between starts", name)
		}
	}
	if n := starts(t, second["DATABASE_URL"]); n != 2 {
		t.Errorf("%d starts are remembered, want 2", n)
	}
	stop()
	if err := end(); err != nil {
		t.Errorf("stopped again: %v", err)
	}

	_, _ = s.start(t, true)
	third := s.environment(t)
	if n := starts(t, third["DATABASE_URL"]); n != 1 || third["OTP_SECRET"] == second["OTP_SECRET"] {
		t.Errorf("a fresh start remembers %d starts, or the secrets", n)
	}
}

func TestServerEndsByItself(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, end := s.start(t, false)
	if answer, err := http.Get("http://" + s.addr + "/die"); err == nil {
		answer.Body.Close()
	}
	if err := end(); err == nil || !strings.Contains(err.Error(), "the server ended by itself") {
		t.Errorf("the server died: %v", err)
	}
}

func TestPartEndsByItself(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, end := s.start(t, false)
	text, err := os.ReadFile(filepath.Join(s.dir, "postgres", "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := end(); err == nil || !strings.Contains(err.Error(), "PostgreSQL ended by itself") {
		t.Errorf("PostgreSQL died: %v", err)
	}
}

func TestPartsThatAreSetAreLeftOut(t *testing.T) {
	t.Parallel()
	s := newSite(t, "REDIS_URL=redis://elsewhere", "S3_ENDPOINT=http://elsewhere", "S3_REGION=auto", "OTP_SECRET=mine")
	s.start(t, false)
	given := s.environment(t)
	for name, value := range map[string]string{
		"REDIS_URL": "redis://elsewhere", "S3_ENDPOINT": "http://elsewhere", "S3_REGION": "auto", "S3_BUCKET": "", "OTP_SECRET": "mine",
	} {
		if given[name] != value {
			t.Errorf("%s is %q, want %q", name, given[name], value)
		}
	}
	for _, part := range []string{"redis", "store"} {
		if _, err := os.Stat(filepath.Join(s.dir, part)); !os.IsNotExist(err) {
			t.Errorf("%s was brought up: %v", part, err)
		}
	}
}

func TestOnlyForDevelopment(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), installation{environ: []string{"APP_ENV=production"}, dir: filepath.Join(t.TempDir(), "var")})
	if err == nil || !strings.Contains(err.Error(), "development") {
		t.Errorf("in production: %v", err)
	}
}

func TestDataIsThrownAwayOnlyOnRequest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept")
	if err := os.WriteFile(kept, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for answer, want := range map[string]bool{"": false, "\n": false, "n\n": false, "yes please\n": false, "y\n": true} {
		if got := ask(strings.NewReader(answer), io.Discard); got != want {
			t.Errorf("answer %q is taken as %t", answer, got)
		}
	}
	if _, err := claim(installation{dir: dir, fresh: true, sure: func() bool { return false }}); err == nil {
		t.Error("a fresh start went on after a no")
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("after a no: %v", err)
	}
}

// As a process: Ctrl-C ends it with status 0; after kill -9 nothing of it
// runs on, and the next start finds its data.
func TestSignals(t *testing.T) {
	if dir := os.Getenv("PIXGATE_TEST_SITE"); dir != "" {
		root, err := moduleRoot()
		if err != nil {
			t.Fatal(err)
		}
		os.Exit(supervise(installation{root: root, dir: dir, program: standin, environ: os.Environ(), out: os.Stdout}))
	}
	t.Parallel()
	s := newSite(t)
	first := s.fork(t)
	given := s.environment(t)
	_ = first.Process.Kill()
	_ = first.Wait() // killed
	for _, address := range []string{"http://" + s.addr, given["REDIS_URL"], given["S3_ENDPOINT"]} {
		refused(t, address)
	}
	second := s.fork(t)
	if n := starts(t, given["DATABASE_URL"]); n != 2 {
		t.Errorf("%d starts are remembered after kill -9, want 2", n)
	}
	if err := second.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := second.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
}

// fork runs the embedded default as a process of its own.
func (s site) fork(t *testing.T) *exec.Cmd {
	t.Helper()
	said, say, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { said.Close() })
	cmd := exec.Command(os.Args[0], "-test.run=^TestSignals$")
	cmd.Env = append(s.environ, "PIXGATE_TEST_SITE="+s.dir)
	cmd.Stdout, cmd.Stderr = say, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	say.Close()
	greeted(t, said)
	return cmd
}

// refused waits until nobody listens at an address any more.
func refused(t *testing.T, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.Dial("tcp", u.Host)
		if err != nil {
			return
		}
		conn.Close()
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("somebody still listens at %s", u.Host)
		}
	}
}

func TestSettingsAreKeptForAShell(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "env")
	e := environment{set: map[string]string{"MAIL_FROM": "pix.immo <no-reply@pix.immo>", "ODD": "it's $HOME `id`"}}
	if err := e.keep(file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	out, err := exec.Command("sh", "-c", `set -a; . "$0"; env`, file).Output()
	if err != nil || !strings.Contains(string(out), "MAIL_FROM=pix.immo <no-reply@pix.immo>\n") || !strings.Contains(string(out), "ODD=it's $HOME `id`\n") {
		t.Errorf("%q, %v", out, err)
	}
}
