// Command gateway is the S3 server of the embedded default. It is a program
// of its own because it changes its process's working directory, can run only
// once in a process, and brings dozens of modules that no test should link.
//
// It reads its settings as JSON from standard input, says "ready" on standard
// output, and ends by SIGTERM.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var settings struct{ Dir, Address, Region, AccessKeyID, SecretAccessKey string }
	if err := json.NewDecoder(os.Stdin).Decode(&settings); err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	files, err := backend(settings.Dir)
	if err != nil {
		return err
	}
	return embedgw.RunVersityGW(ctx, files, &embedgw.Config{
		RootUserAccess:    settings.AccessKeyID,
		RootUserSecret:    settings.SecretAccessKey,
		Region:            settings.Region,
		Ports:             []string{settings.Address},
		MaxConnections:    4096,
		MaxRequests:       2048,
		MultipartMaxParts: 10000,
		CORSAllowOrigin:   "*", // browsers upload straight to the store
		KeepAlive:         true,
		Quiet:             true,
		S3Options:         []s3api.Option{s3api.WithOnListen(func() { fmt.Println("ready") })},
	})
}

// backend keeps objects as files under dir, and what S3 knows about them in
// extended attributes where the file system has them, else beside them.
func backend(dir string) (*posix.Posix, error) {
	objects, beside := filepath.Join(dir, "objects"), filepath.Join(dir, "metadata")
	if err := os.MkdirAll(objects, 0o700); err != nil {
		return nil, fmt.Errorf("objects folder: %w", err)
	}
	options := posix.PosixOpts{CopyObjectThreshold: 5 << 30}
	var metadata meta.MetadataStorer = meta.XattrMeta{}
	if !hasAttributes(dir) {
		if err := os.MkdirAll(beside, 0o700); err != nil {
			return nil, fmt.Errorf("metadata folder: %w", err)
		}
		sidecar, err := meta.NewSideCar(beside)
		if err != nil {
			return nil, fmt.Errorf("metadata folder: %w", err)
		}
		metadata, options.SideCarDir = sidecar, beside
	}
	files, err := posix.New(objects, metadata, options)
	if err != nil {
		return nil, fmt.Errorf("open the objects: %w", err)
	}
	return files, nil
}

// hasAttributes tries: some file systems answer reads and refuse writes. Data
// that has begun beside stays beside.
func hasAttributes(dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, "metadata")); err == nil {
		return false
	}
	return meta.XattrMeta{}.StoreAttribute(nil, dir, "objects", "pixgate", []byte("tried")) == nil
}
