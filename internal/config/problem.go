package config

import (
	"fmt"
	"strings"
)

// Problem is one setting that can't be used.
type Problem struct {
	Variable string
	Wrong    string // what is wrong with it; never the value of a secret
	Set      string // what to set it to
}

// String is the problem in one line.
func (p Problem) String() string {
	return fmt.Sprintf("%s %s: set it to %s", p.Variable, p.Wrong, p.Set)
}

// Problems is everything that is wrong with the settings.
type Problems []Problem

// Error returns one line for each problem and one that says how to get a
// complete set of settings.
func (p Problems) Error() string {
	var lines strings.Builder
	for _, problem := range p {
		fmt.Fprintln(&lines, problem)
	}
	lines.WriteString("To try pixgate on this machine, use `make run`: it brings up every part that is not set and makes the secrets.")
	return lines.String()
}
