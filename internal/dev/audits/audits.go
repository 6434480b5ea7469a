// Package audits holds a GraphQL endpoint against the official suite for GraphQL
// over HTTP (npm graphql-http): 61 audits.
package audits

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// script runs the suite and prints its results as JSON. The headers of the call are
// added to each request.
const script = `
const { serverAudits } = require('graphql-http');
const headers = JSON.parse(process.argv[2]);
const fetchFn = (url, init = {}) => fetch(url, { ...init, headers: { ...headers, ...(init.headers ?? {}) } });
(async () => {
  const results = [];
  for (const a of serverAudits({ url: process.argv[1], fetchFn })) {
    const r = await a.fn();
    results.push({ id: a.id, name: a.name, ok: r.status === 'ok', reason: r.reason });
  }
  console.log(JSON.stringify(results));
})();`

// Run audits the endpoint at url, as a caller who may introspect: header says who
// that is. GET requests carry the header that makes them possible. Where node or
// npm's registry is missing, the test is skipped and says so.
func Run(t *testing.T, url string, header http.Header) {
	t.Helper()
	modules := modules(t)
	sent := map[string]string{"GraphQL-Require-Preflight": "1"}
	for name := range header {
		sent[name] = header.Get(name)
	}
	encoded, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", "-e", script, url, string(encoded))
	node.Dir = modules
	out, err := node.Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	var results []struct {
		ID, Name, Reason string
		OK               bool
	}
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	passed := 0
	for _, r := range results {
		if r.OK {
			passed++
		} else {
			t.Errorf("%s %s: %s", r.ID, r.Name, r.Reason)
		}
	}
	t.Logf("%d of %d audits passed", passed, len(results))
	if len(results) != 61 {
		t.Errorf("%d audits, want 61", len(results))
	}
}

// modules returns a folder that holds the suite, installed there once for all runs.
func modules(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the audits need %s: %v", tool, err)
		}
	}
	caches, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("the audits need a cache folder: %v", err)
	}
	dir := filepath.Join(caches, "pixgate", "graphql-http-1.23.1")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "graphql-http")); err == nil {
		return dir
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "install-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(fresh)
	npm := exec.CommandContext(t.Context(), "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", fresh, "graphql-http@1.23.1", "graphql@16.15.0")
	if out, err := npm.CombinedOutput(); err != nil {
		t.Skipf("the audits need npm's registry: %v: %s", err, out)
	}
	if err := os.Rename(fresh, dir); err != nil && !os.IsExist(err) { // another run was faster
		t.Fatal(err)
	}
	return dir
}
