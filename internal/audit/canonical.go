package audit

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"pixgate/internal/id"
	"pixgate/queries"
)

// chainPurpose is what entries are chained under: hash = MAC(purpose, prev, canonical).
const chainPurpose = "audit chain"

// start is what the first entry of a chain follows.
var start [32]byte

// canonical is what gets chained. Its field order is fixed: the bytes are stored
// as they were, and verified as they are.
type canonical struct {
	ID        string          `json:"id,omitempty"` // entries of the first version have none
	Sequence  int64           `json:"sequence"`
	At        string          `json:"at"`
	Tenant    string          `json:"tenant"`
	Actor     string          `json:"actor,omitempty"`
	Action    Action          `json:"action"`
	Job       string          `json:"job,omitempty"`
	Image     string          `json:"image,omitempty"`
	Account   string          `json:"account,omitempty"`
	Old       json.RawMessage `json:"old,omitempty"`
	New       json.RawMessage `json:"new,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	RequestID string          `json:"requestId"`
}

// appendCanonical writes the canonical form of a row's columns to dst: what json.Marshal
// makes of them, at a tenth of its time. Columns that Append would not have written,
// such as an empty reason or a value with spaces between its words, come out otherwise
// than anything that was ever chained; values have to be asked for by [isValue] besides.
func appendCanonical(dst []byte, e *queries.AuditEntry) []byte {
	dst = append(dst, '{')
	if bytes.HasPrefix(e.Canonical, []byte(`{"id":`)) {
		dst = append(dst, `"id":"`...)
		dst = append(e.ID.AppendString(dst), `",`...)
	}
	dst = append(dst, `"sequence":`...)
	dst = strconv.AppendInt(dst, e.Sequence, 10)
	dst = append(dst, `,"at":"`...)
	dst = e.At.UTC().AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, `","tenant":"`...)
	dst = append(e.TenantID.AppendString(dst), '"')
	dst = appendID(dst, `,"actor":"`, e.ActorID)
	dst = append(dst, `,"action":`...)
	dst = appendText(dst, e.Action)
	dst = appendID(dst, `,"job":"`, e.JobID)
	dst = appendID(dst, `,"image":"`, e.ImageID)
	dst = appendID(dst, `,"account":"`, e.AccountID)
	if e.OldValue != nil {
		dst = append(append(dst, `,"old":`...), *e.OldValue...)
	}
	if e.NewValue != nil {
		dst = append(append(dst, `,"new":`...), *e.NewValue...)
	}
	if e.Reason != nil {
		dst = appendText(append(dst, `,"reason":`...), *e.Reason)
	}
	dst = appendText(append(dst, `,"requestId":`...), e.RequestID)
	return append(dst, '}')
}

// isValue reports whether a column is null or one JSON value. Values stand in the
// canonical form as they are: one that went on behind its end would come out like the
// columns after it, and they could be emptied unseen.
func isValue(column *string) bool { return column == nil || json.Valid([]byte(*column)) }

func appendID(dst []byte, name string, named *id.ID) []byte {
	if named == nil {
		return dst
	}
	return append(named.AppendString(append(dst, name...)), '"')
}

const hexDigits = "0123456789abcdef"

// appendText writes a JSON string as encoding/json does, which also escapes what means
// something in HTML and in old JavaScript.
func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' {
				i++
				continue
			}
			dst = appendEscape(append(dst, s[from:i]...), c)
			i++
			from = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(append(dst, s[from:i]...), `\ufffd`...)
			from = i + size
		case r == '\u2028' || r == '\u2029':
			dst = append(append(dst, s[from:i]...), `\u202`...)
			dst = append(dst, hexDigits[r&0xf])
			from = i + size
		}
		i += size
	}
	return append(append(dst, s[from:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}
