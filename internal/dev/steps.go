package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// steps shows what a start is doing, a line for each step with its time.
type steps struct{ out io.Writer }

func (s steps) step(name string, do func() error) error {
	fmt.Fprintf(s.out, "%-12s", name)
	begin := time.Now()
	if err := do(); err != nil {
		fmt.Fprintln(s.out, " failed")
		return err
	}
	fmt.Fprintf(s.out, " %.1f s\n", time.Since(begin).Seconds())
	return nil
}

// progress says within a step what takes long.
func (s steps) progress(what string) { fmt.Fprintf(s.out, " %s …", what) }

// note is a line of its own.
func (s steps) note(name, what string) { fmt.Fprintf(s.out, "%-12s %s\n", name, what) }

// lines hands on what is written, line by line. A program's lines come whole: they
// are short and written at once.
type lines struct{ each func(string) }

// Write hands on the lines of p.
func (l lines) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		l.each(strings.TrimSuffix(line, "\n"))
	}
	return len(p), nil
}
