package drill_test

import (
	"testing"

	"pixgate/internal/dev/postgres"
	"pixgate/internal/dev/stage"
	"pixgate/internal/dev/store"
)

// alone is a house with people on a PostgreSQL that the test may break. What
// was committed outlives a crash of it, other than on the shared one.
func alone(t *testing.T) (*house, *postgres.Server) {
	t.Helper()
	h, pg := aloneEmpty(t)
	h.people(t)
	return h, pg
}

// aloneEmpty is alone before there are people, and before it runs.
func aloneEmpty(t *testing.T) (*house, *postgres.Server) {
	t.Helper()
	db, pg := stage.PrivateDatabase(t)
	h := newHouseOn(t, db, stage.Bucket(t))
	h.exec(t, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database()); END $$")
	db.Owner.Reset()
	return h, pg
}

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
