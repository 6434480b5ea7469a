//go:build tools

// The tools that run at the versions of go.mod: they generate code against the
// libraries of the same modules.
package main

import _ "github.com/99designs/gqlgen"
