package main

import (
	"fmt"
	"io"
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
