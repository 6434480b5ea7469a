package drill_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"pixgate/internal/dev/process"
)

// patience is how long anything may take that has no bound of its own.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	// Most drills wait for something to come back: more of them than processors.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	code := m.Run()
	if built, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(built))
	}
	os.Exit(code)
}

// binary is the server's program, with the race detector where this one has it.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "pixgate-drill-")
	if err != nil {
		return "", err
	}
	if err := watch("../../.."); err != nil {
		return "", err
	}
	args := []string{"build", "-o", filepath.Join(dir, "pixgate")}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "pixgate")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return filepath.Join(dir, "pixgate"), nil
})

// watch looks at every source of the server, so that go test knows what the result
// depends on: it doesn't see what go build reads, and would keep an old one.
func watch(root string) error {
	return filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && (path != root && name[0] == '.' || path == filepath.Join(root, "var") || path == filepath.Join(root, "bin")) {
			return filepath.SkipDir
		}
		_, err = os.Stat(path)
		return err
	})
}

// transcript is all that processes have written.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// server is a running server.
type server struct {
	url   string // plain http
	cmd   *exec.Cmd
	child *process.Child
}

// start runs the server and waits until it answers.
func (h *house) start(t *testing.T) {
	t.Helper()
	s := h.launch(t)
	deadline := time.Now().Add(patience)
	for !alive(s.url) {
		select {
		case <-s.child.Done():
			t.Fatalf("the server ended by itself: %s\n%s", s.cmd.ProcessState, h.log())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server does not answer\n%s", h.log())
		}
	}
}

// launch runs the server and does not wait.
func (h *house) launch(t *testing.T) *server {
	t.Helper()
	built, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	h.server = h.serve(t, built, h.env["ADDR"])
	return h.server
}

// serve runs a program as a server of this installation at an address of its own.
func (h *house) serve(t *testing.T, program, addr string) *server {
	t.Helper()
	cmd := exec.Command(program)
	cmd.Env = append(h.environment(), "ADDR="+addr)
	cmd.Stdout, cmd.Stderr = h.said, h.said
	child, err := process.Start(cmd, process.Options{Death: syscall.SIGKILL})
	if err != nil {
		t.Fatal(err)
	}
	return &server{url: "http://" + addr, cmd: cmd, child: child}
}

func alive(url string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/healthz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// stop ends the server as an operator does; it must end well.
func (h *house) stop(t *testing.T) {
	t.Helper()
	if h.server == nil {
		return
	}
	h.end(t, h.server)
	h.server = nil
}

// end is stop for any server of the house.
func (h *house) end(t *testing.T, s *server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Second)
	defer cancel()
	if err := s.child.Stop(ctx, syscall.SIGTERM); err != nil {
		t.Errorf("%v\n%s", err, h.log())
	} else if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("after SIGTERM the server ended with %d\n%s", code, h.log())
	}
}

// kill ends the server as a crash does.
func (h *house) kill() {
	h.server.child.Kill()
	h.server = nil
}

// command runs the program with arguments to its end.
func (h *house) command(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	built, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, built, args...)
	var out, problems bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &problems
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), problems.String()
}

// run is command that must succeed.
func (h *house) run(t *testing.T, args ...string) string {
	t.Helper()
	code, out, problems := h.command(t, h.environment(), args...)
	if code != 0 {
		t.Fatalf("pixgate %q ended with %d: %s", args, code, h.mask(problems))
	}
	return out
}
