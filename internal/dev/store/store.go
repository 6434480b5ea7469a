// Package store runs an S3 server that verifies signatures, expiry, methods
// and signed headers as a real one does, with its objects in a folder.
//
// It belongs to internal/dev and must never be imported by the server's
// binary: production has its storage elsewhere.
package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"pixgate/internal/dev/process"
)

// settings are what the gateway reads from its standard input.
type settings struct{ Dir, Address, Region, AccessKeyID, SecretAccessKey string }

// Server is a running S3 server.
type Server struct {
	settings settings
	child    *process.Child
}

// Start brings up a server on the objects in dir, which is made, 0700, where
// missing. Keys and, where it is free, port are the same as the last time.
func Start(ctx context.Context, dir string) (*Server, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("store folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("store folder: %w", err)
	}
	port, err := process.Port(dir)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &Server{settings: settings{Dir: dir, Region: "us-east-1", Address: fmt.Sprintf("127.0.0.1:%d", port)}}
	if s.settings.AccessKeyID, err = keep(filepath.Join(dir, "access-key-id")); err != nil {
		return nil, err
	}
	if s.settings.SecretAccessKey, err = keep(filepath.Join(dir, "secret-access-key")); err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Endpoint is the base URL, without a bucket: clients use path-style addresses.
func (s *Server) Endpoint() string { return "http://" + s.settings.Address }

// Region is the region that signatures must name.
func (s *Server) Region() string { return s.settings.Region }

// AccessKeyID is the name of the only key.
func (s *Server) AccessKeyID() string { return s.settings.AccessKeyID }

// SecretAccessKey is the only key, which may do everything.
func (s *Server) SecretAccessKey() string { return s.settings.SecretAccessKey }

// CreateBucket makes a bucket; one that exists is left as it is.
func (s *Server) CreateBucket(ctx context.Context, name string) error {
	_, err := s.client().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name})
	var exists *types.BucketAlreadyOwnedByYou
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("create bucket %s: %w", name, err)
	}
	return nil
}

// Stop ends the server in good order, or kills it past ctx's end.
func (s *Server) Stop(ctx context.Context) error {
	if err := s.child.Stop(ctx, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the store: %w", err)
	}
	return nil
}

// Kill ends the server as a crash would.
func (s *Server) Kill() { s.child.Kill() }

// Pause makes the server hang until Resume: it accepts and never answers.
func (s *Server) Pause() { s.child.Pause() }

// Resume ends a pause.
func (s *Server) Resume() { s.child.Resume() }

// Restart starts the server again, at the same address with the same objects.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(ctx); err != nil {
		return err
	}
	return s.start(ctx)
}

// Done is closed when the server ends. After Restart it is another channel.
func (s *Server) Done() <-chan struct{} { return s.child.Done() }

func (s *Server) client() *s3.Client {
	return s3.New(s3.Options{
		Region:       s.settings.Region,
		BaseEndpoint: aws.String(s.Endpoint()),
		UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: s.settings.AccessKeyID, SecretAccessKey: s.settings.SecretAccessKey}, nil
		}),
	})
}

func (s *Server) start(ctx context.Context) error {
	input, err := json.Marshal(s.settings)
	if err != nil {
		return fmt.Errorf("store settings: %w", err)
	}
	logFile := filepath.Join(s.settings.Dir, "log")
	log, err := os.OpenFile(logFile, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("store log: %w", err)
	}
	defer log.Close()
	said, say, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer say.Close()
	gateway, lock, err := build(ctx)
	if err != nil {
		return err
	}
	defer lock.Close()
	cmd := exec.Command(gateway)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), say, log
	if s.child, err = process.Start(cmd, process.Options{Death: syscall.SIGKILL}); err != nil {
		return err
	}
	ready := make(chan struct{})
	go func() {
		defer said.Close()
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if lines.Text() == "ready" {
				close(ready)
			}
		}
	}()
	timeout := time.NewTimer(30 * time.Second)
	defer timeout.Stop()
	select {
	case <-ready:
		return nil
	case <-s.child.Done():
		return fmt.Errorf("the store did not start: %s (see %s)", process.LastLine(logFile), logFile)
	case <-timeout.C:
		err = errors.New("the store did not start in time")
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.child.Kill()
	return err
}

// keep reads a secret from a file, or makes it.
func keep(file string) (string, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		text = []byte(rand.Text())
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("keys of the store: %w", err)
	}
	return string(text), nil
}
