package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pixgate/internal/config"
	"pixgate/internal/dev/stage"
)

// settingNames are the variables that settings are read from.
func settingNames() map[string]bool {
	names := map[string]bool{}
	for _, environment := range []string{"production", "development"} { // which ask for different ones
		_, _ = config.Load(func(name string) string { // what is wrong with it is not the question
			names[name] = true
			return map[string]string{"APP_ENV": environment}[name]
		})
	}
	return names
}

// Whoever misspells a setting in these files would run without it and not know.
func TestContainersAndUnitsSetNothingUnknown(t *testing.T) {
	t.Parallel()
	names := settingNames()
	if len(names) < 40 || !names["S3_BUCKET"] || !names["CRON_SECRET_PREVIOUS"] {
		t.Fatalf("%d settings", len(names))
	}
	others := []string{"CGO_ENABLED", "GOTOOLCHAIN", "GOFLAGS", "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "PGPASSWORD", "ROOT_ACCESS_KEY", "ROOT_SECRET_KEY", "VGW_CORS_ALLOW_ORIGIN", "API"}
	for file, sets := range map[string]*regexp.Regexp{
		"Dockerfile": regexp.MustCompile(`(?m)^ENV (.+)$`), "compose.yaml": regexp.MustCompile(`(?m)^ +([A-Z][A-Z0-9_]+):`), "docs/examples/pixgate.service": regexp.MustCompile(`(?m)^Environment=(.+)$`),
		"docs/examples/pixgate-cron@.service": regexp.MustCompile(`(?m)^Environment=(.+)$`),
	} {
		found := 0
		for _, match := range sets.FindAllStringSubmatch(read(t, file), -1) {
			for assignment := range strings.FieldsSeq(match[1]) {
				name, _, _ := strings.Cut(assignment, "=")
				if found++; !names[name] && !slices.Contains(others, name) {
					t.Errorf("%s sets %s, which nobody reads", file, name)
				}
			}
		}
		if found == 0 {
			t.Errorf("%s sets nothing", file)
		}
	}
}

// composed are the settings of compose.yaml, with texts in the place of what it asks for.
func composed(t *testing.T) map[string]string {
	t.Helper()
	all, _, _ := strings.Cut(read(t, "compose.yaml"), "\nservices:\n")
	asked := map[string]string{"MAIL_FROM": "pix.immo <no-reply@pix.immo>"}
	settings := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^  ([A-Z][A-Z0-9_]+): (.+)$`).FindAllStringSubmatch(all, -1) {
		value := strings.Trim(line[2], `"`)
		if inner, is := strings.CutPrefix(value, "${"); is {
			name, otherwise, _ := strings.Cut(strings.TrimSuffix(inner, "}"), ":")
			if value = strings.TrimPrefix(otherwise, "-"); strings.HasPrefix(otherwise, "?") {
				value = asked[name]
			}
			if value == "" {
				value = stage.Secret(name)
			}
		}
		settings[line[1]] = value
	}
	return settings
}

func TestComposeIsAnInstallationThatStarts(t *testing.T) {
	t.Parallel()
	settings := composed(t)
	if _, err := config.Load(func(name string) string { return settings[name] }); err != nil {
		t.Error(err)
	}
	text := read(t, "compose.yaml")
	for _, secret := range []string{"OTP_SECRET", "CSRF_SECRET", "TICKET_SECRET", "AUDIT_SECRET", "CRON_SECRET", "SES_SECRET_ACCESS_KEY"} {
		if !strings.Contains(text, "  "+secret+": ${"+secret+":?") {
			t.Errorf("%s has a value that everybody knows", secret)
		}
	}
	_, services, _ := strings.Cut(text, "\nservices:\n")
	server := services[strings.Index(services, "\n  pixgate:\n"):]
	if strings.Contains(server, "MIGRATE_DATABASE_URL") {
		t.Error("the server knows the owner of the tables")
	}
	for _, port := range regexp.MustCompile(`ports: \["([^"]+)"\]`).FindAllStringSubmatch(services, -1) {
		if !strings.HasPrefix(port[1], "127.0.0.1:") {
			t.Errorf("%s is open to the network", port[1])
		}
	}
	for _, image := range regexp.MustCompile(`image: (\S+)`).FindAllStringSubmatch(services, -1) {
		if !regexp.MustCompile(`:v?[0-9]+\.[0-9]+`).MatchString(image[1]) {
			t.Errorf("%s is another image every day", image[1])
		}
	}
}

func TestTheImageIsSmallAndNobodys(t *testing.T) {
	t.Parallel()
	text := read(t, "Dockerfile")
	known := []string{"FROM", "WORKDIR", "ENV", "COPY", "RUN", "USER", "EXPOSE", "ENTRYPOINT"}
	var last string
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "" || word == "#" {
			continue
		}
		if !slices.Contains(known, word) {
			t.Errorf("what is %s?", word)
		}
		if word == "FROM" {
			last = rest
			if !regexp.MustCompile(`:[0-9]+\.[0-9]+\.[0-9]+-|@sha256:[0-9a-f]{64}`).MatchString(rest) {
				t.Errorf("%s is another image every day", rest)
			}
		}
	}
	_, final, _ := strings.Cut(text, last)
	if !strings.Contains(last, "distroless/static") || !strings.Contains(final, "\nUSER nonroot:nonroot\n") || strings.Contains(final, "\nRUN ") {
		t.Errorf("the image is made of %s", last)
	}
	flags := regexp.MustCompile(`go build (-trimpath.*) -o`)
	built, proved := flags.FindStringSubmatch(text), flags.FindStringSubmatch(read(t, "Makefile"))
	if built == nil || proved == nil || built[1] != proved[1] {
		t.Errorf("built by %q, proved to be reproducible by %q", built, proved)
	}
}

// What .dockerignore keeps out must not be needed, and what it lets in is code.
func TestTheImageIsBuiltOfAllThatItNeeds(t *testing.T) {
	t.Parallel()
	var in, out []string
	for line := range strings.Lines(read(t, ".dockerignore")) {
		line = strings.TrimSpace(line)
		if name, is := strings.CutPrefix(line, "!"); is {
			in = append(in, name)
		} else if line != "*" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	admitted := func(file string) bool {
		first, _, _ := strings.Cut(file, "/")
		ok := false
		for _, pattern := range in {
			matches, err := path.Match(pattern, first)
			if err != nil {
				t.Fatal(err)
			}
			ok = ok || matches
		}
		for _, pattern := range out {
			if rest, anywhere := strings.CutPrefix(pattern, "**/"); anywhere {
				for part := range strings.SplitSeq(file, "/") {
					if matches, _ := path.Match(rest, part); matches {
						return false
					}
				}
			} else if strings.HasPrefix(file, pattern+"/") {
				return false
			}
		}
		return ok
	}
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=Dir,ImportPath,GoFiles,EmbedFiles", ".")
	text, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for decoder := json.NewDecoder(strings.NewReader(string(text))); decoder.More(); {
		var p struct {
			Dir, ImportPath     string
			GoFiles, EmbedFiles []string
		}
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if p.ImportPath != "pixgate" && !strings.HasPrefix(p.ImportPath, "pixgate/") {
			continue
		}
		for _, name := range slices.Concat(p.GoFiles, p.EmbedFiles) {
			file, err := filepath.Rel(root, filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if seen++; !admitted(filepath.ToSlash(file)) {
				t.Errorf(".dockerignore keeps out %s", file)
			}
		}
	}
	if seen < 200 {
		t.Errorf("%d files", seen)
	}
	for _, private := range []string{".git/config", "var/env", ".env", "bin/tool", "internal/dev/main.go", "server_test.go", "docs/secrets.md"} {
		if admitted(private) {
			t.Errorf(".dockerignore lets in %s", private)
		}
	}
}

// systemd itself reads the units, where it is there.
func TestSystemdTakesTheUnits(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("there is no systemd-analyze here")
	}
	dir := t.TempDir()
	units, err := filepath.Glob("docs/examples/*.service")
	if err != nil {
		t.Fatal(err)
	}
	timers, err := filepath.Glob("docs/examples/*.timer")
	if err != nil || len(units) < 3 || len(timers) < 1 {
		t.Fatalf("%d units, %d timers: %v", len(units), len(timers), err)
	}
	args := []string{"verify", "--man=no"}
	for _, unit := range slices.Concat(units, timers) {
		installed := filepath.Join(dir, filepath.Base(unit))
		text := strings.ReplaceAll(read(t, unit), "/usr/local/bin/pixgate", "/bin/true") // it is not installed here
		if err := os.WriteFile(installed, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, installed)
	}
	if out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput(); err != nil || strings.Contains(string(out), "pixgate") { // it also speaks of this machine's own
		t.Errorf("%v\n%s", err, out)
	}
	for unit, most := range map[string]string{"pixgate.service": "20", "pixgate-migrate.service": "30"} { // tenths; 100 is a service without any walls
		out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--threshold="+most, filepath.Join(dir, unit)).CombinedOutput()
		if err != nil {
			t.Errorf("%s is more exposed than %s tenths: %v\n%.300s", unit, most, err, out)
		}
	}
}

// docs/operations.md tells of every maintenance task, and of nothing that is none.
func TestEveryTaskIsExplained(t *testing.T) {
	t.Parallel()
	told := map[string]bool{}
	_, section, _ := strings.Cut(read(t, "docs/operations.md"), "\n## Cron\n")
	section, _, _ = strings.Cut(section, "\n### ")
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(section, -1) {
		told[row[1]] = true
	}
	chores := map[string]bool{}
	for _, chore := range regexp.MustCompile(`\{Name: "([a-z-]+)", `).FindAllStringSubmatch(read(t, "maintenance.go"), -1) {
		chores[chore[1]] = true
	}
	if len(chores) < 5 || !maps.Equal(told, chores) {
		t.Errorf("told of %v, there are %v", slices.Sorted(maps.Keys(told)), slices.Sorted(maps.Keys(chores)))
	}
	for name := range chores {
		if !strings.Contains(read(t, "docs/examples/crontab"), "$API/cron/"+name+"\n") || !strings.Contains(read(t, "docs/examples/pixgate-cron@.service"), "pixgate-cron@"+name+".timer") {
			t.Errorf("docs/examples do not run %s", name)
		}
	}
}
