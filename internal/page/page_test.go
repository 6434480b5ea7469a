package page_test

import (
	"math"
	"testing"
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
)

func TestCursorsReadBack(t *testing.T) {
	t.Parallel()
	for _, key := range []int64{0, 1, 253_402_300_799_999_999} {
		want := page.Cursor{Key: key, ID: id.New(time.Now())}
		text := want.Text(page.Jobs)
		w, err := page.Ask(page.Jobs, nil, &text)
		if err != nil || w.After == nil || *w.After != want || w.Size != page.DefaultSize {
			t.Errorf("Ask(%q) = %+v, %v", text, w, err)
		}
		if _, err := page.Ask(page.Images, nil, &text); !fault.Is(err, fault.ValidationFailed) {
			t.Errorf("a cursor of jobs was taken for one of images: %v", err)
		}
	}
}

func TestCursorsThatNoElementHasAreRefused(t *testing.T) {
	t.Parallel()
	for list, keys := range map[page.List][]int64{
		page.Jobs:   {-1, 253_402_300_800_000_000, math.MaxInt64, math.MinInt64},
		page.Images: {-1, math.MaxInt32 + 1, math.MaxInt64, math.MinInt64},

		page.AuditLog:       {-1, math.MinInt64},
		page.History:        {-1, 253_402_300_800_000_000, math.MaxInt64, math.MinInt64},
		page.SecurityEvents: {-1, 253_402_300_800_000_000, math.MaxInt64, math.MinInt64},
	} {
		for _, key := range keys {
			text := page.Cursor{Key: key, ID: id.New(time.Now())}.Text(list)
			if w, err := page.Ask(list, nil, &text); !fault.Is(err, fault.ValidationFailed) {
				t.Errorf("key %d in list %c: %+v, %v", key, list, w, err)
			}
		}
	}
}

func TestSizesAreOneToAHundred(t *testing.T) {
	t.Parallel()
	for first, ok := range map[int]bool{1: true, 100: true, 0: false, -1: false, 101: false, math.MaxInt: false} {
		if _, err := page.Ask(page.Jobs, &first, nil); (err == nil) != ok {
			t.Errorf("first %d: %v", first, err)
		}
	}
}

func TestCutTellsWhetherMoreFollow(t *testing.T) {
	t.Parallel()
	w := page.Window{Size: 2}
	for n, more := range []bool{false, false, false, true} {
		rows, got := page.Cut(w, make([]int, n))
		if got != more || len(rows) != min(n, 2) {
			t.Errorf("%d rows: %d, %v", n, len(rows), got)
		}
	}
}

func FuzzAsk(f *testing.F) {
	f.Add("")
	f.Add(page.Cursor{Key: 5}.Text(page.Images))
	f.Fuzz(func(t *testing.T, after string) {
		w, err := page.Ask(page.Images, nil, &after)
		if err == nil && w.After.Text(page.Images) != after {
			t.Errorf("%q was read as %q", after, w.After.Text(page.Images))
		}
	})
}
