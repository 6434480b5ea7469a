package wire_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"pixgate/graph/wire"
	"pixgate/graph/wire/testschema"
)

// auditScript runs the official suite for GraphQL over HTTP and prints its results as JSON. The header is what makes GET requests possible.
const auditScript = `
const { serverAudits } = require('graphql-http');
const fetchFn = (url, init = {}) => fetch(url, { ...init, headers: { 'graphql-require-preflight': '1', ...(init.headers ?? {}) } });
(async () => {
  const results = [];
  for (const a of serverAudits({ url: process.argv[1], fetchFn })) {
    const r = await a.fn();
    results.push({ id: a.id, name: a.name, ok: r.status === 'ok', reason: r.reason });
  }
  console.log(JSON.stringify(results));
})();`

func TestAudits(t *testing.T) {
	t.Parallel()
	modules := auditModules(t)
	server := httptest.NewServer(wire.New(wire.Options{
		Schema:     testschema.New(nil),
		Introspect: func(context.Context) bool { return true },
	}))
	defer server.Close()

	node := exec.CommandContext(t.Context(), "node", "-e", auditScript, server.URL+"/graphql")
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
	if len(results) != 61 {
		t.Errorf("%d audits, want 61", len(results))
	}
	for _, r := range results {
		if !r.OK {
			t.Errorf("%s %s: %s", r.ID, r.Name, r.Reason)
		}
	}
}

// auditModules returns a folder that holds the suite, installed there once for all runs.
func auditModules(t *testing.T) string {
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
