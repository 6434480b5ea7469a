// Package id makes the identifiers of pixgate's things and writes them the way
// callers see them: opaque strings such as "img_018f2c…", a kind and 128 bits.
package id

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// ID names one thing within the database: a version 7 UUID (RFC 9562), so ids
// made later sort later and new rows land at the end of their index.
type ID [16]byte

// Nil is the ID of nothing.
var Nil ID

// New returns a fresh ID for something made at now.
func New(now time.Time) ID {
	var made ID
	// crypto/rand.Read never fails on supported systems: it aborts the program.
	_, _ = rand.Read(made[:])
	made.stamp(now)
	return made
}

// Earliest returns the ID before which all IDs lie that were made before now, to the
// millisecond.
func Earliest(now time.Time) ID {
	var least ID
	least.stamp(now)
	return least
}

func (d *ID) stamp(now time.Time) {
	var stamp [8]byte
	binary.BigEndian.PutUint64(stamp[:], uint64(now.UnixMilli())<<16)
	copy(d[:6], stamp[:6])
	d[6] = d[6]&0x0f | 0x70
	d[8] = d[8]&0x3f | 0x80
}

// String returns the ID as a plain UUID, for logs and storage keys. Callers of
// the API see [Kind.Format] instead.
func (d ID) String() string {
	var text [36]byte
	return string(d.AppendString(text[:0]))
}

// AppendString writes what [ID.String] returns to dst.
func (d ID) AppendString(dst []byte) []byte {
	var text [36]byte
	hex.Encode(text[0:8], d[0:4])
	hex.Encode(text[9:13], d[4:6])
	hex.Encode(text[14:18], d[6:8])
	hex.Encode(text[19:23], d[8:10])
	hex.Encode(text[24:36], d[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return append(dst, text[:]...)
}

// LogValue writes the ID into logs as [ID.String] does.
func (d ID) LogValue() slog.Value { return slog.StringValue(d.String()) }

// ScanUUID reads the ID from a uuid column that is not null.
func (d *ID) ScanUUID(v pgtype.UUID) error {
	if !v.Valid {
		return errors.New("null read into an id")
	}
	*d = v.Bytes
	return nil
}

// UUIDValue gives the ID to a uuid column.
func (d ID) UUIDValue() (pgtype.UUID, error) {
	return pgtype.UUID{Bytes: d, Valid: true}, nil
}
