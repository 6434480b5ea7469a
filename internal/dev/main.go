// Command dev is the embedded default, the program behind make run: it brings
// up every part of an installation whose variable is not set, on loopback and
// with its data in ./var, and runs the server against them.
//
// The server's binary must never import anything of internal/dev: what is
// convenient here, from trusted connections to a page that shows login codes,
// would be a hole there, and its dependencies are none of the server's.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"pixgate/internal/dev/process"
)

func main() {
	fresh := flag.Bool("fresh", false, "throw the data in ./var away first")
	yes := flag.Bool("yes", false, "with -fresh: do not ask")
	flag.Parse()

	root, err := moduleRoot()
	if err != nil {
		fmt.Fprintln(os.Stderr, "make run:", err)
		os.Exit(1)
	}
	os.Exit(supervise(installation{
		root: root, dir: filepath.Join(root, "var"), program: ".", environ: os.Environ(), out: os.Stdout,
		fresh: *fresh, sure: func() bool { return *yes || ask(os.Stdin, os.Stdout) },
	}))
}

// supervise runs an installation until a signal ends it, and returns the exit
// status. A signal a second later ends us at once, and nothing that we started
// outlives us; before that it is the same one, sent twice by what started us.
func supervise(in installation) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) })
	if err := run(ctx, in); err != nil {
		fmt.Fprintln(os.Stderr, "make run:", err)
		return 1
	}
	return 0
}

// installation says what to run, and where.
type installation struct {
	root    string // of the module
	dir     string // for the data
	program string // the server's package
	environ []string
	out     io.Writer
	fresh   bool
	sure    func() bool // whether the data may go
}

// run returns when ctx has ended and everything is stopped, or when something
// would not start or ended by itself: then the error says what.
func run(ctx context.Context, in installation) error {
	env := environment{base: in.environ, set: map[string]string{}}
	if is := env.get("APP_ENV"); is != "" && is != "development" {
		return fmt.Errorf("this is for development, and APP_ENV is %s", is)
	}
	lock, err := claim(in)
	if err != nil {
		return err
	}
	defer lock.Close()

	s := &stack{log: steps{out: in.out}, env: env, ended: make(chan string, 1)}
	defer s.stop()
	server, err := s.start(ctx, in)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		fmt.Fprintln(in.out, "\nstopping")
		return nil
	case <-server.Done():
		return errors.New("the server ended by itself; its last lines above say why")
	case name := <-s.ended:
		return fmt.Errorf("%s ended by itself; its log in %s says why", name, in.dir)
	}
}

// claim makes the folder ours, empty when a fresh start is wanted.
func claim(in installation) (*os.File, error) {
	if err := os.MkdirAll(in.dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := os.Chmod(in.dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	now, cancel := context.WithCancel(context.Background())
	cancel()
	lock, err := process.Lock(now, filepath.Join(in.dir, "lock"))
	if errors.Is(err, process.ErrLocked) {
		return nil, fmt.Errorf("%s is in use: stop the other make run first", in.dir)
	}
	if err != nil {
		return nil, err
	}
	if !in.fresh {
		return lock, nil
	}
	if !in.sure() {
		lock.Close()
		return nil, errors.New("nothing was thrown away")
	}
	entries, err := os.ReadDir(in.dir)
	for _, entry := range entries {
		if entry.Name() != "lock" {
			err = errors.Join(err, os.RemoveAll(filepath.Join(in.dir, entry.Name())))
		}
	}
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("throw the data away: %w", err)
	}
	return lock, nil
}

func ask(in io.Reader, out io.Writer) bool {
	fmt.Fprint(out, "Throw away the database, pictures and mails in ./var? [y/N] ")
	answer, _ := bufio.NewReader(in).ReadString('\n') // no answer is a no
	return strings.EqualFold(strings.TrimSpace(answer), "y")
}

// moduleRoot is the folder above us that holds go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("where are we: %w", err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("start this inside the project's folder")
		}
	}
}
