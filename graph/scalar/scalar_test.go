package scalar_test

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"pixgate/graph/scalar"
)

// What is read as a day is written as it was, and is the midnight in UTC that a database keeps.
func FuzzDate(f *testing.F) {
	for _, text := range []string{"2027-03-01", "2024-02-29", "2023-02-29", "2027-3-1", "2027-03-01T00:00:00Z", "", "+027-03-01", "0000-01-01", "9999-12-31", "２０２７-03-01"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, err := scalar.UnmarshalDate(text)
		if err != nil {
			return
		}
		var written bytes.Buffer
		scalar.MarshalDate(read).MarshalGQL(&written)
		if written.String() != strconv.Quote(text) || !read.Equal(read.Truncate(24*time.Hour)) || read.Location() != time.UTC || len(text) != len(time.DateOnly) {
			t.Errorf("%q is read as %s and written as %s", text, read, written.String())
		}
	})
}

func TestWhatIsNoTextIsNoDate(t *testing.T) {
	t.Parallel()
	for _, value := range []any{nil, 20270301, true, []any{"2027-03-01"}, 1.5} {
		if read, err := scalar.UnmarshalDate(value); err == nil {
			t.Errorf("%v is read as %s", value, read)
		}
	}
}
