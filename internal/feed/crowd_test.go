package feed

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/id"
)

// Fifty people come and go while events fly, some are blocked on the way, and the
// connection is killed again and again. Nothing is left of them afterwards.
func TestACrowdComesAndGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: 5 * time.Millisecond, MostOfAccount: 30})
	w.watch(w.Feed, w.Owner, w.of(w.All)).Close()
	until(t, "the first stream's end", func() bool { open, _ := w.meter.Streams(); return open == 0 })
	running := runtime.NumGoroutine()
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
	defer stop()
	var crowd sync.WaitGroup
	var heard, refused atomic.Int64
	for n := range 50 {
		person := w.Owner
		if n%2 == 0 {
			person = w.Photographer
		}
		crowd.Go(func() {
			for ctx.Err() == nil {
				s, err := w.Feed.Watch(ctx, by(person), w.of(w.Package))
				if err != nil {
					if !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.RateLimited) {
						t.Errorf("watch: %v", err)
					}
					refused.Add(1)
					continue
				}
				for range 1 + n%7 {
					_, err := s.Next(ctx)
					if err != nil && ctx.Err() == nil && !fault.Is(err, fault.AccountBlocked) {
						t.Errorf("next: %v", err)
					}
					if err != nil {
						break
					}
					heard.Add(1)
				}
				s.Close()
			}
		})
	}
	for n := 0; ctx.Err() == nil; n++ {
		w.Exec(t, "UPDATE job SET title = $2 WHERE id = $1", w.Package.ID, fmt.Sprint(n))
		w.Exec(t, "UPDATE account SET blocked_at = CASE WHEN blocked_at IS NULL AND $2 THEN now() END WHERE id = $1", w.Photographer.AccountID, n%10 == 0)
		if n%50 == 49 {
			if _, err := w.db.Pool.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%feed' AND datname = current_database()"); err != nil {
				t.Error(err)
			}
		}
	}
	crowd.Wait()
	if heard.Load() < 100 {
		t.Errorf("only %d events were heard (%d refused): the crowd proves nothing", heard.Load(), refused.Load())
	}
	w.mu.Lock()
	left := len(w.open) + len(w.jobs) + len(w.accounts) + len(w.doubted)
	w.mu.Unlock()
	if open, _ := w.meter.Streams(); left != 0 || open != 0 {
		t.Errorf("%d entries are left, %d streams counted", left, open)
	}
	t.Logf("%d events heard, %d refused; goroutines %d before, %d after", heard.Load(), refused.Load(), running, runtime.NumGoroutine())
}

func TestWhatIsNoEventIsPassedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: never})
	s := w.watch(w.Feed, w.Owner, w.of(w.Package))
	job, image := w.Package.ID.String(), id.New(time.Now()).String()
	for _, payload := range []string{
		"", " ", "x", "RESYNC " + job, "JOB_CHANGED", "JOB_CHANGED ", "JOB_CHANGED " + job + " ", "JOB_CHANGED " + job + " " + image, "IMAGES_ADDED " + job,
		"IMAGES_ADDED " + job + " ", "IMAGES_ADDED " + job + " " + image + ",", "IMAGES_ADDED " + job + " x", "UPLOAD_CHANGED " + job, "UPLOAD_CHANGED " + job + " ", "images_added " + job + " " + image, "JOB_CHANGED  " + job,
	} {
		w.Exec(t, "SELECT pg_notify('pixgate_job', $1), pg_notify('pixgate_account', $1), pg_notify('pixgate_echo', $1)", payload)
	}
	w.Exec(t, "UPDATE job SET title = 'x' WHERE id = $1", w.Package.ID)
	if event := w.next(s); event.Kind != JobChanged || event.ImageIDs != nil || event.UploadIDs != nil {
		t.Errorf("told %v", event)
	}
}

func FuzzNotice(f *testing.F) {
	one := id.New(time.Now()).String()
	for _, seed := range []string{"JOB_CHANGED " + one, "IMAGES_ADDED " + one + " " + one, "SELECTION_CHANGED " + one + " " + one + "," + one, "UPLOAD_CHANGED " + one + " " + one, "", "IMAGES_ADDED  ,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		jobID, event, ok := parseJob(text)
		if !ok {
			if jobID != id.Nil || event.Kind != "" || event.ImageIDs != nil || event.UploadIDs != nil {
				t.Errorf("%q is no event, but gave one", text)
			}
			return
		}
		written := string(event.Kind) + " " + jobID.String()
		for i, one := range *event.named() {
			written += map[bool]string{true: " ", false: ","}[i == 0] + one.String()
		}
		if written != text || len(*event.named()) > MostNamed || event.Kind == Resync || len(event.ImageIDs)+len(event.UploadIDs) != len(*event.named()) {
			t.Errorf("%q was read as %q", text, written)
		}
	})
}
