package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// arrows say which rooms each room may know. Everything else fails: data flows
// one way, from the doors to the domain to the rooms that know nothing of ours.
var arrows = map[string]string{
	// the first page, and what it is split into; it may know all but internal/dev
	".": "graph graph/playground internal/account internal/audit internal/audit/vault internal/booking internal/commands internal/config internal/dossier internal/edge internal/id internal/feed internal/job " +
		"internal/gate internal/journal internal/logs internal/mail internal/metrics internal/secret internal/session internal/task internal/transfer internal/watch internal/egress internal/pdf internal/notice internal/outside internal/mail/report internal/webhook/standard internal/webhook internal/webhook/standard",

	// the doors: they do not know each other
	"internal/edge":          "internal/account internal/audit internal/edge/browser internal/edge/exchange internal/edge/files internal/edge/header internal/edge/login internal/fault internal/gate internal/id internal/logs internal/secret internal/session internal/task",
	"internal/edge/login":    "internal/account internal/edge/browser internal/edge/exchange internal/edge/header internal/fault internal/gate internal/session",
	"internal/edge/files":    "internal/account internal/audit internal/dossier internal/edge/exchange internal/edge/header internal/fault internal/gate internal/id internal/journal internal/logs internal/pdf internal/transfer",
	"internal/edge/browser":  "internal/account internal/edge/exchange internal/edge/header internal/fault internal/id internal/secret",
	"internal/edge/exchange": "internal/account internal/fault internal/gate internal/id internal/logs",
	"internal/edge/header":   "",
	"graph": "graph/generated graph/model graph/scalar graph/wire internal/account internal/audit internal/blob internal/booking internal/dossier internal/fault internal/feed internal/id internal/job " +
		"internal/gate internal/journal internal/logs internal/page internal/secret internal/session internal/task internal/transfer internal/watch internal/notice internal/webhook",
	"graph/generated":       "graph/model graph/scalar internal/account internal/audit internal/blob internal/booking internal/feed internal/job internal/journal internal/secret internal/session internal/task internal/transfer internal/watch internal/mail/report internal/notice internal/webhook",
	"graph/model":           "internal/account internal/audit internal/feed internal/id internal/booking internal/job internal/journal internal/page internal/session internal/task internal/transfer internal/watch internal/webhook",
	"graph/scalar":          "",
	"graph/wire":            "graph/limit",
	"graph/wire/testschema": "",
	"graph/limit":           "",
	"graph/limit/hostile":   "",
	"graph/matrix":          "", // tests alone
	"graph/playground":      "",

	// the command line, and what it opens as the server does
	"internal/commands": "graph internal/account internal/audit internal/audit/vault internal/booking internal/config internal/demo internal/egress internal/gate internal/id internal/job internal/logs internal/mail internal/outside internal/secret internal/task internal/transfer schema",
	"internal/outside":  "internal/blob internal/config internal/logs internal/mail internal/secret",

	// the domain
	"internal/account":  "internal/audit internal/fault internal/id internal/page queries",
	"internal/dossier":  "internal/account internal/audit internal/fault internal/id internal/job queries",
	"internal/session":  "internal/account internal/audit internal/fault internal/id internal/mail internal/secret queries",
	"internal/journal":  "internal/account internal/audit internal/fault internal/id internal/job internal/page queries",
	"internal/booking":  "internal/account internal/audit internal/fault internal/id internal/mail internal/page queries",
	"internal/notice":   "internal/account internal/audit internal/fault internal/id internal/mail internal/mail/report queries",
	"internal/feed":     "internal/account internal/fault internal/id internal/job queries",
	"internal/job":      "internal/account internal/audit internal/booking internal/fault internal/id internal/page queries",
	"internal/transfer": "internal/account internal/archive internal/audit internal/blob internal/fault internal/id internal/job internal/page internal/picture internal/secret internal/sheet queries",
	"internal/audit":    "internal/fault internal/id internal/secret queries",
	"internal/watch":    "internal/account internal/audit internal/fault internal/id internal/mail internal/page internal/secret queries internal/egress internal/webhook/standard",
	"internal/webhook":  "internal/account internal/audit internal/egress internal/fault internal/id internal/job internal/page internal/secret internal/transfer internal/webhook/standard queries",
	"internal/pdf":      "internal/account internal/egress internal/fault",
	"internal/demo":     "internal/account internal/blob internal/booking internal/fault internal/id internal/job internal/page internal/transfer queries",

	// where the audit log meets the storage
	"internal/audit/vault": "internal/blob internal/fault",

	// what Amazon says of mails that have left
	"internal/mail/report": "internal/fault",

	// how webhooks are signed and sent
	"internal/webhook/standard": "internal/egress",

	// how strangers' JPEGs are read
	"internal/picture/proof": "",

	// the rooms that serve the domain
	"internal/config":  "internal/egress internal/secret internal/webhook/standard",
	"internal/gate":    "internal/fault internal/secret",
	"internal/task":    "internal/account internal/audit internal/fault internal/id internal/page queries schema",
	"internal/mail":    "internal/fault internal/secret",
	"internal/metrics": "",
	"internal/blob":    "internal/fault internal/secret",
	"internal/page":    "internal/fault internal/id",
	"internal/picture": "internal/picture/proof",
	"internal/archive": "internal/picture",
	"internal/egress":  "",
	"internal/sheet":   "",
	"internal/fault":   "",
	"internal/id":      "",
	"internal/logs":    "",
	"internal/secret":  "",
	"queries":          "internal/id",
	"schema":           "",
}

// libraries say where other people's code, and HTTP, may be seen.
var libraries = map[string][]string{
	"net/http":                  {".", "internal/edge", "internal/edge/login", "internal/edge/files", "internal/edge/browser", "internal/edge/exchange", "internal/edge/header", "graph", "graph/wire", "graph/playground", "internal/blob", "internal/mail", "internal/metrics", "internal/egress", "internal/pdf", "internal/webhook/standard"},
	"github.com/99designs/":     {"graph", "graph/generated", "graph/model", "graph/scalar", "graph/wire", "graph/wire/testschema"},
	"github.com/vektah/":        {"graph", "graph/generated", "graph/model", "graph/limit", "graph/limit/hostile", "graph/wire", "graph/wire/testschema"},
	"github.com/vikstrous/":     {"graph"},
	"github.com/aws/":           {"internal/blob", "internal/mail"},
	"github.com/rs/":            {"internal/edge"},
	"github.com/redis/":         {"internal/gate"},
	"github.com/go-redis/":      {"internal/gate"},
	"github.com/riverqueue/":    {"internal/task", "schema"},
	"github.com/pressly/goose/": {"schema"},
	"github.com/prometheus/":    {"internal/metrics"},
	"github.com/versity/":       {},
}

// house is where the tests' own parts live. They may know everything, and
// nothing but tests may know them.
const house = "internal/dev"

type pkg struct {
	Dir, ImportPath, Name, Doc string
	GoFiles, Imports, Deps     []string
	TestImports, XTestImports  []string
}

// room is the package's folder, "." for the first page.
func (p pkg) room() string { return room(p.ImportPath) }

func room(importPath string) string {
	if importPath == "pixgate" {
		return "."
	}
	return strings.TrimPrefix(importPath, "pixgate/")
}

func isDev(room string) bool { return room == house || strings.HasPrefix(room, house+"/") }

func packages(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=Dir,ImportPath,Name,Doc,GoFiles,Imports,Deps,TestImports,XTestImports"}, args...)...)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, problems.String())
	}
	var all []pkg
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestRoomsKnowOnlyWhomTheyMay(t *testing.T) {
	t.Parallel()
	all := packages(t, "./...")
	if len(all) < 20 {
		t.Fatalf("%d packages", len(all))
	}
	for _, p := range all {
		if isDev(p.room()) {
			continue
		}
		known, listed := arrows[p.room()]
		if !listed {
			t.Errorf("%s is a new room: say in arrows whom it may know", p.room())
			continue
		}
		for _, imported := range p.Imports {
			if imported == "pixgate" || strings.HasPrefix(imported, "pixgate/") {
				if !slices.Contains(strings.Fields(known), room(imported)) {
					t.Errorf("%s may not know %s", p.room(), room(imported))
				}
				continue
			}
			for library, rooms := range libraries {
				if (imported == library || strings.HasSuffix(library, "/") && strings.HasPrefix(imported, library)) && !slices.Contains(rooms, p.room()) {
					t.Errorf("%s may not see %s", p.room(), imported)
				}
			}
		}
	}
	for name := range arrows {
		if !slices.ContainsFunc(all, func(p pkg) bool { return p.room() == name }) {
			t.Errorf("arrows speak of %s, which is gone", name)
		}
	}
}

// The server's binary holds no emulator, no test helper and nothing that such
// things bring along.
func TestTheServerHoldsNothingOfDev(t *testing.T) {
	t.Parallel()
	deps := packages(t, ".")[0].Deps
	if len(deps) < 100 {
		t.Fatalf("%d dependencies", len(deps))
	}
	for _, dep := range deps {
		if isDev(room(dep)) || strings.Contains(dep, "versity") || dep == "testing" || strings.HasSuffix(dep, "/testschema") || strings.HasSuffix(dep, "/hostile") {
			t.Errorf("the server holds %s", dep)
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t, "./...") {
		byHand := slices.ContainsFunc(p.GoFiles, func(name string) bool { return !isGenerated(read(t, filepath.Join(p.Dir, name))) })
		if byHand && p.Doc == "" {
			t.Errorf("%s has no package comment", p.room())
		}
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "base", "lib", "types"}, p.Name) {
			t.Errorf("%s is named after nothing", p.room())
		}
	}
}

var sourceName = regexp.MustCompile(`[a-z_]+\.go\b`)

// The tree of README.md names each room and each file of the first page, and nothing that is gone. The
// tests' own rooms are named by the one that they lie in.
func TestReadmeNamesEveryRoom(t *testing.T) {
	t.Parallel()
	_, tree, found := strings.Cut(read(t, "README.md"), "\n## The house\n\n```\n")
	tree, _, ended := strings.Cut(tree, "\n```\n")
	if !found || !ended {
		t.Fatal("README.md has no tree")
	}
	var within []string // the folders above a line, by depth
	named := map[string]bool{}
	for line := range strings.Lines(tree) {
		words := strings.TrimLeft(line, " ")
		depth := min((len(line)-len(words))/2, len(within))
		names, _, _ := strings.Cut(words, "  ")
		rooms := []string{"."} // where the line's files may lie
		for _, name := range strings.Fields(names) {
			if !strings.HasSuffix(name, "/") {
				break
			}
			within = append(within[:depth:depth], path.Clean(name))
			rooms = append(rooms, path.Join(within...))
		}
		for _, room := range rooms {
			named[room] = true
			if _, err := os.Stat(room); err != nil {
				t.Errorf("README.md tells of %s, which is gone", room)
			}
		}
		for _, source := range sourceName.FindAllString(line, -1) {
			named[source] = true
			if !slices.ContainsFunc(rooms, func(room string) bool { _, err := os.Stat(path.Join(room, source)); return err == nil }) {
				t.Errorf("README.md tells of %s in %q, which is gone", source, rooms)
			}
		}
	}
	for _, p := range packages(t, "./...") {
		testing := strings.HasPrefix(p.room(), house+"/") || strings.HasSuffix(p.room(), "/testschema") || strings.HasSuffix(p.room(), "/hostile")
		if !named[p.room()] && !testing {
			t.Errorf("README.md does not tell of %s", p.room())
		}
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		if !named[name] && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("README.md does not tell of %s", name)
		}
	}
}

var explainedModule = regexp.MustCompile("(?m)^- `([^`]+)` — .{20,}$")

func TestEveryDependencyIsExplained(t *testing.T) {
	t.Parallel()
	used := map[string]bool{} // explained modules, and whether anything imports them
	for _, match := range explainedModule.FindAllStringSubmatch(read(t, "docs/dependencies.md"), -1) {
		used[match[1]] = false
	}
	for _, p := range packages(t, "./...") {
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			first, _, _ := strings.Cut(imported, "/")
			if !strings.Contains(first, ".") {
				continue // ours or Go's
			}
			module := ""
			for name := range used { // the longest that fits: modules lie within modules
				if (imported == name || strings.HasPrefix(imported, name+"/")) && len(name) > len(module) {
					module = name
				}
			}
			if module == "" {
				t.Errorf("%s imports %s: docs/dependencies.md does not say why", p.room(), imported)
				continue
			}
			used[module] = true
		}
	}
	for module, imported := range used {
		if !imported {
			t.Errorf("docs/dependencies.md explains %s, which nothing imports", module)
		}
	}
}

var (
	nolint    = regexp.MustCompile(`//\s*nolint`)
	explained = regexp.MustCompile(`//nolint:[a-z,]+ // \S+`)
	readsEnv  = regexp.MustCompile(`\bos\.(Getenv|LookupEnv|Environ)\b`)
	generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
)

func isGenerated(source string) bool { return generated.MatchString(source) }

func TestSources(t *testing.T) {
	t.Parallel()
	seen := 0
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (name == "bin" || name == "var" || name == ".git" || entry.Name() == "node_modules" || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		source := ""
		if path.Ext(name) == ".go" {
			source = read(t, name)
		}
		if source == "" || isGenerated(source) {
			return nil
		}
		seen++
		isTest := strings.HasSuffix(name, "_test.go")
		for i, line := range strings.Split(source, "\n") {
			if nolint.MatchString(line) && !explained.MatchString(line) && name != "house_test.go" {
				t.Errorf("%s:%d: a nolint without linter and reason", name, i+1)
			}
			comment := strings.HasPrefix(strings.TrimSpace(line), "//")
			if readsEnv.MatchString(line) && !comment && !isTest && !isDev(path.Dir(filepath.ToSlash(name))) && !(name == "server.go" && strings.Contains(line, "run(")) {
				t.Errorf("%s:%d: settings come from internal/config alone", name, i+1)
			}
		}
		lines, most := strings.Count(source, "\n"), 400
		if name == "server.go" {
			most = 300
		}
		if lines > most && !isTest {
			t.Errorf("%s has %d lines, more than %d", name, lines, most)
		}
		return nil
	})
	if err != nil || seen < 50 {
		t.Fatalf("%d sources seen: %v", seen, err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	source, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(fmt.Errorf("read a source: %w", err))
	}
	return string(source)
}
