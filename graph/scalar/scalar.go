// Package scalar reads and writes the schema's own scalars, and names what all
// its nodes have in common.
package scalar

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// Node is a thing that callers can name by its id.
type Node interface {
	PublicID() string
}

// dateTime is how times are written: RFC 3339 in UTC, to the microsecond that
// the database keeps.
const dateTime = "2006-01-02T15:04:05.999999Z07:00"

// AppendDateTime writes t as a JSON string to dst.
func AppendDateTime(dst []byte, t time.Time) []byte {
	dst = append(dst, '"')
	dst = t.UTC().AppendFormat(dst, dateTime)
	return append(dst, '"')
}

// MarshalDateTime writes a DateTime.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = w.Write(AppendDateTime(nil, t))
	})
}

// UnmarshalDateTime reads a DateTime: RFC 3339 with a zone, nothing looser. A time that lies
// beyond the years 0 to 9999 where it is UTC can't be written again, and is none.
func UnmarshalDateTime(v any) (time.Time, error) {
	text, ok := v.(string)
	if !ok {
		return time.Time{}, fmt.Errorf("a DateTime is a string such as %s", strconv.Quote("2026-11-22T09:30:00Z"))
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if year := t.UTC().Year(); err != nil || year < 0 || year > 9999 {
		return time.Time{}, fmt.Errorf("a DateTime is written as in RFC 3339, such as %s", strconv.Quote("2026-11-22T09:30:00Z"))
	}
	return t, nil
}

// MarshalDate writes a Date: of a day that is a midnight in UTC.
func MarshalDate(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, strconv.Quote(t.Format(time.DateOnly)))
	})
}

// UnmarshalDate reads a Date, nothing looser than YYYY-MM-DD, as a midnight in UTC.
func UnmarshalDate(v any) (time.Time, error) {
	text, ok := v.(string)
	if !ok {
		return time.Time{}, fmt.Errorf("a Date is a string such as %s", strconv.Quote("2027-03-01"))
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Format(time.DateOnly) != text {
		return time.Time{}, fmt.Errorf("a Date is a day of the calendar, written as YYYY-MM-DD, such as %s", strconv.Quote("2027-03-01"))
	}
	return t, nil
}
