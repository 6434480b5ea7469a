package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"pixgate/internal/blob"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/queries"
)

// shipment is an archive that is on its way to a customer who has read its beginning.
type shipment struct {
	p    *program
	db   *stage.DB
	rest *http.Response
	read bytes.Buffer
}

// ship starts a server that drains for at most patience, and a download from it that is
// far larger than what lies between it and its reader.
func ship(t *testing.T, patience time.Duration) *shipment {
	t.Helper()
	s := &shipment{db: stage.Database(t)}
	people := cast.New(t, s.db.Owner)
	env := settings(t, s.db, nil)
	store, err := blob.Open(t.Context(), blob.Options{
		Endpoint: env("S3_ENDPOINT"), Region: env("S3_REGION"), Bucket: env("S3_BUCKET"), AccessKeyID: env("S3_ACCESS_KEY_ID"), SecretAccessKey: env("S3_SECRET_ACCESS_KEY"),
	})
	if err != nil {
		t.Fatal(err)
	}
	people.Exec(t, "DELETE FROM image WHERE job_id = $1", people.All.ID)
	for n := range 6 {
		data := bytes.Repeat([]byte{byte(n), 1, 2, 3}, 2<<20)
		sum, key := sha256.Sum256(data), fmt.Sprintf("tenants/studio/jobs/%s/%d/original", people.All.ID, n)
		object, err := store.Put(t.Context(), key, "image/jpeg", data)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := queries.New(s.db.Owner).InsertImage(t.Context(), queries.InsertImageParams{
			ID: id.New(time.Now()), TenantID: people.TenantID, JobID: people.All.ID, Position: int32(n), Filename: fmt.Sprintf("%d.jpg", n), ContentType: "image/jpeg",
			Size: int64(len(data)), Width: 3000, Height: 2000, Sha256: sum[:], Crc32: int64(crc32.ChecksumIEEE(data)), ObjectKey: key, Etag: object.ETag,
			SmallKey: key + "s", MediumKey: key + "m", SourceKey: key, SourceEtag: object.ETag, Now: time.Now(),
		}); err != nil {
			t.Fatal(err)
		}
	}
	s.p = launch(t, func(ctx context.Context, log io.Writer) error { return serve(ctx, patience, env, log) })
	t.Cleanup(func() { _ = s.p.stop() })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.p.url+"/jobs/"+people.All.PublicID()+"/download.zip", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+people.Owner.Token)
	narrow := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if tcp, ok := conn.(*net.TCPConn); ok {
			err = tcp.SetReadBuffer(64 << 10)
		}
		return conn, err
	}}
	t.Cleanup(narrow.CloseIdleConnections)
	s.rest, err = narrow.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.rest.Body.Close() })
	if _, err := io.CopyN(&s.read, s.rest.Body, 1<<20); err != nil || s.rest.StatusCode != http.StatusOK {
		t.Fatalf("%d: %v\n%s", s.rest.StatusCode, err, s.p.log)
	}
	return s
}

// stop tells the server to stop, and returns when it has heard.
func (s *shipment) stop(t *testing.T) (ended chan error) {
	t.Helper()
	ended = make(chan error, 1)
	go func() { ended <- s.p.stop() }()
	until(t, "the stop", func() bool { return strings.Contains(s.p.log.String(), `"msg":"stopping"`) })
	return ended
}

func (s *shipment) recorded(t *testing.T, state string) {
	t.Helper()
	var got string
	if err := s.db.Owner.QueryRow(t.Context(), "SELECT string_agg(state, ' ') FROM delivery").Scan(&got); err != nil || got != state {
		t.Errorf("the delivery is recorded as %s (%v), want %s", got, err, state)
	}
}

// An archive that is on its way when the server is told to stop comes whole, if it can in
// the time that there is.
func TestAnArchiveUnderWayComesWholeBeforeTheEnd(t *testing.T) {
	t.Parallel()
	s := ship(t, time.Minute)
	ended := s.stop(t)
	if _, err := io.Copy(&s.read, s.rest.Body); err != nil || int64(s.read.Len()) != s.rest.ContentLength {
		t.Errorf("%d bytes of %d: %v", s.read.Len(), s.rest.ContentLength, err)
	}
	archive, err := zip.NewReader(bytes.NewReader(s.read.Bytes()), int64(s.read.Len()))
	if err != nil || len(archive.File) != 6 {
		t.Errorf("no archive of 6 pictures: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("stop: %v", err)
	}
	s.recorded(t, "FINISHED")
}

// One that takes longer is cut off, so that nobody takes a part for the whole, and that
// is on record.
func TestAnArchiveUnderWayIsCutOffPastTheDeadline(t *testing.T) {
	t.Parallel()
	s := ship(t, 300*time.Millisecond)
	if err := <-s.stop(t); err == nil || !strings.Contains(err.Error(), "requests were cut off") || strings.Contains(err.Error(), "task runner") {
		t.Errorf("stop: %v", err)
	}
	if _, err := io.Copy(&s.read, s.rest.Body); err == nil || int64(s.read.Len()) >= s.rest.ContentLength {
		t.Errorf("%d bytes of %d, and the client is not told: %v", s.read.Len(), s.rest.ContentLength, err)
	}
	s.recorded(t, "CUT")
	if said := s.p.log.String(); strings.Count(said, `"aborted":true`) != 1 {
		t.Errorf("the log does not say that one answer was cut off:\n%s", said)
	}
}

// What was cut off has its last words before anything that it needs is closed.
func TestWhatIsCutOffIsWaitedFor(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		<-time.After(50 * time.Millisecond) // it writes down how it ended
	})}
	running := count(server)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	go func() {
		r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, "http://"+listener.Addr().String(), nil)
		if err != nil {
			return
		}
		if a, err := http.DefaultClient.Do(r); err == nil {
			a.Body.Close()
		}
	}()
	<-begun
	if err := finish(server, running, time.Now()); err == nil || running.Load() != 0 {
		t.Errorf("%d requests are still under way: %v", running.Load(), err)
	}
}
