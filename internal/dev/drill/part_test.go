package drill_test

import (
	"testing"

	"pixgate/internal/dev/stage"
	"pixgate/internal/dev/store"
)

// ownStore is an S3 server of this test alone, which may break it.
func ownStore(t *testing.T) (*store.Server, *stage.Store) {
	t.Helper()
	s, err := store.Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	const bucket = "pictures"
	if err := s.CreateBucket(t.Context(), bucket); err != nil {
		t.Fatal(err)
	}
	return s, &stage.Store{
		Endpoint: s.Endpoint(), Region: s.Region(), AccessKeyID: s.AccessKeyID(), SecretAccessKey: s.SecretAccessKey(), Bucket: bucket,
	}
}
