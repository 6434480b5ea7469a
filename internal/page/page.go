// Package page cuts long lists into pages by keyset: a page begins behind the
// element that a cursor names, so the last page costs what the first one does.
package page

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"

	"pixgate/internal/fault"
	"pixgate/internal/id"
)

// The size of a page.
const (
	DefaultSize = 50
	MaxSize     = 100
)

// List names what a cursor is a place in. Its value is part of the cursor, so
// that one of another list is not taken for a place in this one.
type List byte

// The lists.
const (
	Jobs           List = 'j'
	Images         List = 'i'
	AuditLog       List = 'a'
	History        List = 'h'
	SecurityEvents List = 's'
	Uploads        List = 'u'
	Bookings       List = 'b'
	Accounts       List = 'p'
	Tenants        List = 't'
	Runs           List = 'r' // of maintenance
	Tasks          List = 'k'
	Deliveries     List = 'w' // to a webhook
)

// Cursor is the place of one element in a list that is ordered by Key, then ID.
type Cursor struct {
	Key int64
	ID  id.ID
}

const cursorLen = 1 + 8 + 16

// EncodedLen is the length of a cursor's text.
var EncodedLen = base64.RawURLEncoding.EncodedLen(cursorLen)

// Append writes the cursor's opaque text for list to dst.
func (c Cursor) Append(dst []byte, list List) []byte {
	var raw [cursorLen]byte
	raw[0] = byte(list)
	binary.BigEndian.PutUint64(raw[1:], uint64(c.Key))
	copy(raw[9:], c.ID[:])
	return base64.RawURLEncoding.AppendEncode(dst, raw[:])
}

// Text returns the cursor's opaque text for list.
func (c Cursor) Text(list List) string { return string(c.Append(nil, list)) }

// year9999 is its last microsecond since 1970.
const year9999 = 253_402_300_799_999_999

// maxKey is the largest key that a list's elements have: of images, the largest
// position; of the audit log, the largest sequence; of accounts, none; of tasks, of their numbers; of all others, a time.
var maxKey = map[List]int64{
	Jobs: year9999, Images: math.MaxInt32, AuditLog: math.MaxInt64, History: year9999, SecurityEvents: year9999, Bookings: year9999, Tenants: year9999,
	Uploads:  year9999,
	Accounts: 0,
	Runs:     year9999, Tasks: math.MaxInt64,
	Deliveries: year9999,
}

func parse(list List, text string) (Cursor, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != cursorLen || raw[0] != byte(list) {
		return Cursor{}, false
	}
	c := Cursor{Key: int64(binary.BigEndian.Uint64(raw[1:])), ID: id.ID(raw[9:])}
	return c, c.Key >= 0 && c.Key <= maxKey[list]
}

// Window says which page of a list is asked for.
type Window struct {
	Size  int     // 1 to MaxSize
	After *Cursor // nil: from the start
}

// Ask reads the arguments first and after of a connection field of list.
func Ask(list List, first *int, after *string) (Window, error) {
	w := Window{Size: DefaultSize}
	if first != nil {
		if *first < 1 || *first > MaxSize {
			return Window{}, fault.Invalid(fault.Field{
				Path: "first", Code: fault.InvalidValue, Message: fmt.Sprintf("Ask for 1 to %d elements.", MaxSize),
			})
		}
		w.Size = *first
	}
	if after != nil {
		cursor, ok := parse(list, *after)
		if !ok {
			return Window{}, fault.Invalid(fault.Field{
				Path: "after", Code: fault.InvalidValue, Message: "Pass an endCursor of this list, as it was.",
			})
		}
		w.After = &cursor
	}
	return w, nil
}

// Cut takes the rows of a window, read with one row more than its size, and
// tells whether more follow.
func Cut[T any](w Window, rows []T) (page []T, more bool) {
	if len(rows) > w.Size {
		return rows[:w.Size], true
	}
	return rows, false
}
