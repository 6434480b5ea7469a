package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
)

// Each line of the log tells how often its request went to the database.
func TestTheLogCountsStatements(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	people := cast.New(t, db.Owner)
	p := start(t, settings(t, db, nil))
	bearer := "Authorization: Bearer " + people.Owner.Token
	p.ask(t, "{ viewer { email } }", nil) // the studios are known from now on
	for query, want := range map[string]int{
		"query A { __typename }":                                    0,
		"query B { viewer { email } }":                              2, // the session and the account
		"query C { jobs(first: 1) { nodes { id } } }":               2, // the session and the jobs
		"query D { a: jobs { totalCount } b: jobs { totalCount } }": 5,
	} {
		headers := []string{bearer}
		if want == 0 {
			headers = nil
		}
		a := p.ask(t, query, nil, headers...)
		if a.Status != http.StatusOK {
			t.Fatalf("%s: %d %v", query, a.Status, a.Errors)
		}
		var said struct {
			Operation  string
			Statements *int
		}
		until(t, "the line of "+query, func() bool {
			for line := range strings.SplitSeq(p.log.String(), "\n") {
				if strings.Contains(line, a.Header.Get("X-Request-Id")) && strings.Contains(line, `"msg":"request"`) {
					return json.Unmarshal([]byte(line), &said) == nil
				}
			}
			return false
		})
		if said.Statements == nil {
			t.Fatalf("%s: the log counts nothing", query)
		}
		if *said.Statements != want || said.Operation != query[6:7] {
			t.Errorf("%s: the log says %d statements of %q, want %d", query, *said.Statements, said.Operation, want)
		}
	}
}
