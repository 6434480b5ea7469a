package playground_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"pixgate/graph/playground"
	"pixgate/graph/wire"
	"pixgate/graph/wire/testschema"
	"pixgate/internal/dev/browser"
)

// The page in a real browser: it renders under its own policy, shows the explorer, sends the token, and runs a query.
func TestInBrowser(t *testing.T) {
	t.Parallel()
	b := browser.Start(t)

	var tokens atomic.Int32
	mux := http.NewServeMux()
	pages := playground.Handler("/graphql", operations)
	mux.Handle("/playground", pages)
	mux.Handle("/playground/", pages)
	mux.HandleFunc("/csrf-token", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"csrfToken":"t%d"}`, tokens.Add(1))
	})
	endpoint := wire.New(wire.Options{Schema: testschema.New(nil), Introspect: func(context.Context) error { return nil }})
	mux.HandleFunc("/graphql", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-CSRF-Token") != "t1" { // which the page has to ask for
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"code":"CSRF_FAILED"}`)
			return
		}
		endpoint.ServeHTTP(w, r)
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	b.Go(server.URL + "/playground")

	b.Await(`document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror.getValue().includes('query Ok')`)
	b.Await(`[...document.querySelectorAll('.CodeMirror')].some(e => e.CodeMirror.getValue() === '{"at": "first"}')`) // its variables, before any click
	b.Await(`[...document.querySelectorAll('.graphiql-tab-button')].map(t => t.textContent.trim()).join() === 'Ok,Thing'`)
	b.Await(`document.querySelector('[aria-label="Show GraphiQL Explorer"]') !== null`)
	b.Eval(`document.querySelector('[aria-label="Show GraphiQL Explorer"]').click()`)
	b.Await(`document.querySelector('.docExplorerWrap')?.textContent.includes('nothing')`) // a field of the schema, read by introspection
	b.Eval(`document.querySelector('.graphiql-execute-button').click()`)
	b.Await(`document.querySelector('.result-window')?.textContent.replace(/\s/g, '').includes('"data":{"ok":"ok"}')`)
	b.Eval(`document.querySelectorAll('.graphiql-tab-button')[1].click()`)
	b.Await(`document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue().includes('query Thing')`)
	b.Await(`[...document.querySelectorAll('.CodeMirror')].some(e => e.CodeMirror.getValue() === '{"id": "7"}')`) // its variables
	if faults := b.Faults(); faults != "" {
		t.Errorf("the page reports\n%v", faults)
	}
	if elsewhere := b.Eval(`performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith(location.origin) && !n.startsWith('data:')).join()`); elsewhere != "" {
		t.Errorf("the page loads %v", elsewhere)
	}
	b.Shoot("playground")
}
