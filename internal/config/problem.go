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

// Problems is everything that is wrong with the settings.
type Problems []Problem

// Error returns one line for each problem and one that says how to get a
// complete set of settings.
func (p Problems) Error() string {
	var lines strings.Builder
	for _, problem := range p {
		fmt.Fprintf(&lines, "%s %s: set it to %s\n", problem.Variable, problem.Wrong, problem.Set)
	}
	lines.WriteString("To try pixgate on this machine, use `make run`: it brings up every part that is not set and makes the secrets.")
	return lines.String()
}
