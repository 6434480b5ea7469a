// Package testschema is a small GraphQL schema, executed by code that gqlgen generated as it does for the server's own,
// in which everything can go wrong. Only tests may import it.
package testschema

//go:generate go run github.com/99designs/gqlgen generate
