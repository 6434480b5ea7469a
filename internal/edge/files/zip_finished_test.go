package files_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/transfer"
)

// finished keeps what is told of downloads that came to their end.
type finished struct {
	mu   sync.Mutex
	all  []transfer.Finished
	fail error
}

// DownloadFinished keeps it.
func (f *finished) DownloadFinished(_ context.Context, _ pgx.Tx, one transfer.Finished) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, one)
	return f.fail
}

func (f *finished) told() []transfer.Finished {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.all)
}

// Whatever else is asked for first tells nothing; the last byte, sent to the customer, does.
func TestADownloadIsToldOfWhenItsLastByteWasSentToTheCustomer(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 3, 50_000)
	d.Exec(t, "UPDATE job SET photographer_id = $1 WHERE id = $2", d.Photographer.AccountID, p.job)
	whole, etag := d.whole(t, p.path(), d.Admin)
	size := len(whole)
	d.whole(t, p.path(), d.Photographer)
	// The end alone, by a customer who has no picture of it.
	if _, err := io.Copy(io.Discard, d.ask(t, "GET "+p.path(), d.as(d.Owner), "Range: bytes=-1").Body); err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string][]string{
		"its head":              {"HEAD " + p.path(), d.as(d.Owner)},
		"its beginning":         {"GET " + p.path(), d.as(d.Owner), fmt.Sprintf("Range: bytes=0-%d", size-2)},
		"what is there already": {"GET " + p.path(), d.as(d.Owner), "If-None-Match: " + etag},
		"a stranger":            {"GET " + p.path(), d.as(d.Other)},
	} {
		answer := d.ask(t, ask[0], ask[1:]...)
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	ended := func(n int) func() bool {
		return func() bool {
			return d.count(t, "SELECT count(*) FROM delivery WHERE job_id = $1 AND state <> 'STARTED'", p.job) == n
		}
	}
	eventually(t, "the ends of the deliveries", ended(3))
	if told := d.finished.told(); len(told) != 0 {
		t.Fatalf("told of %+v", told)
	}
	for n, headers := range [][]string{
		{d.as(d.Owner)},
		{d.as(d.Owner), fmt.Sprintf("Range: bytes=%d-", size/2), "If-Range: " + etag},
		{d.as(d.Owner), "Range: bytes=-1"}, // which no picture is in
	} {
		answer := d.ask(t, "GET "+p.path(), headers...)
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			t.Fatal(err)
		}
		eventually(t, "being told", func() bool { return len(d.finished.told()) == n+1 })
		if got, want := d.finished.told()[n], (transfer.Finished{TenantID: d.TenantID, JobID: p.job, AccountID: d.Owner.AccountID, Images: 3}); got != want {
			t.Errorf("told of %+v, want %+v", got, want)
		}
	}
}

func TestADownloadThatIsCutIsNotToldOf(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 8, 1_000_000)
	if err := d.cut(t, d.old, p.path(), 1000, io.Discard, d.as(d.Owner)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the delivery", func() bool {
		return d.count(t, "SELECT count(*) FROM delivery WHERE job_id = $1 AND state = 'CUT'", p.job) == 1
	})
	if told := d.finished.told(); len(told) != 0 {
		t.Errorf("told of %+v", told)
	}
}

// That nobody can be told is our trouble, not the customer's.
func TestADownloadOfWhichNobodyCanBeToldComesWhole(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 2, 10_000)
	d.finished.fail = errors.New("the database is away")
	data, _ := d.whole(t, p.path(), d.Owner)
	if err := holds(data, p, upTo(2)...); err != nil {
		t.Error(err)
	}
	eventually(t, "a line of the log", func() bool { return strings.Contains(d.log.String(), "that a download was finished was not told") })
	if answer := d.ask(t, "HEAD "+p.path(), d.as(d.Owner)); answer.StatusCode != http.StatusOK {
		t.Errorf("%d", answer.StatusCode)
	}
}
