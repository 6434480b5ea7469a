package stage

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"pixgate/internal/dev/store"
)

// Store is an empty bucket of one test, and the key that may do everything.
type Store struct {
	Endpoint, Region             string // clients use path-style addresses
	AccessKeyID, SecretAccessKey string
	Bucket                       string
}

// Bucket makes a bucket for this test, on an S3 server that all tests of the
// binary share. For a server to stop, kill or pause, use store.Start.
func Bucket(t testing.TB) *Store {
	t.Helper()
	s, err := objects()
	if err != nil {
		t.Fatalf("stage bucket: %v", err)
	}
	name := fmt.Sprintf("test-%d", buckets.Add(1))
	if err := s.CreateBucket(t.Context(), name); err != nil {
		t.Fatalf("stage bucket: %v", err)
	}
	return &Store{
		Endpoint: s.Endpoint(), Region: s.Region(),
		AccessKeyID: s.AccessKeyID(), SecretAccessKey: s.SecretAccessKey(),
		Bucket: name,
	}
}

var buckets atomic.Int64

var objects = sync.OnceValues(func() (*store.Server, error) {
	r, err := onDisk()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return store.Start(ctx, filepath.Join(r.dir, "store"))
})
