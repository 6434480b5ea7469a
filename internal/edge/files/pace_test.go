package files_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// slow is a way to a client that takes so many bytes a second, by the depot's clock.
type slow struct {
	http.ResponseWriter
	d    *depot
	rate int
}

func (s slow) Write(block []byte) (int, error) {
	s.d.later.Add(int64(time.Second) * int64(len(block)) / int64(s.rate))
	return s.ResponseWriter.Write(block)
}

func (s slow) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// taking makes whoever names a rate take their answer at it.
func (d *depot) taking(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rate := 0
		if _, err := fmt.Sscan(r.Header.Get("Rate"), &rate); err == nil {
			w = slow{w, d, rate}
		}
		next.ServeHTTP(w, r)
	})
}

func newSlowDepot(t *testing.T) *depot {
	t.Helper()
	var d *depot
	d = newDepot(t, func(s *http.Server) {
		inner := s.Handler
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.taking(inner).ServeHTTP(w, r) })
	})
	return d
}

// Whoever takes a block now and then would hold a place for days.
func TestAClientThatHardlyTakesAnythingIsCut(t *testing.T) {
	t.Parallel()
	d := newSlowDepot(t)
	p := d.pack(t, 6, 1_500_000)
	whole, etag := d.whole(t, p.path(), d.Owner)
	const slowest, looked = 16 << 10, 300
	for name, client := range map[string]*http.Client{"HTTP/1.1": d.old, "HTTP/2": d.new} {
		before := d.count(t, "SELECT count(*) FROM delivery WHERE state = 'CUT'")
		answer, err := d.askBy(t, client, "GET "+d.ticketed(p, d.Owner), fmt.Sprint("Rate: ", slowest-200))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err == nil || len(got) > slowest*looked+(256<<10) {
			t.Errorf("%s: who takes less than 16 KiB a second has %d bytes, and then: %v", name, len(got), err)
		}
		eventually(t, "the record of a cut download", func() bool { return d.count(t, "SELECT count(*) FROM delivery WHERE state = 'CUT'") == before+1 })
		rest := d.ask(t, "GET "+p.path(), d.as(d.Owner), fmt.Sprintf("Range: bytes=%d-", len(got)), "If-Range: "+etag)
		more, err := io.ReadAll(rest.Body)
		if err != nil || rest.StatusCode != http.StatusPartialContent || !bytes.Equal(append(got, more...), whole) {
			t.Errorf("%s: it does not go on where it was cut: %d, %d and %d bytes, %v", name, rest.StatusCode, len(got), len(more), err)
		}
	}
}

// A line of 128 kbit/s is a line.
func TestAClientWithASlowLineGetsAll(t *testing.T) {
	t.Parallel()
	d := newSlowDepot(t)
	p := d.pack(t, 6, 1_800_000)
	answer := d.ask(t, "GET "+p.path(), d.as(d.Owner), fmt.Sprint("Rate: ", 17<<10))
	got, err := io.ReadAll(answer.Body)
	if err != nil || holds(got, p, 0, 1, 2, 3, 4, 5) != nil {
		t.Errorf("at 17 KiB a second: cut after %d bytes: %v", len(got), err)
	}
}
