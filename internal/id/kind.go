package id

import "encoding/hex"

// Kind tells what an ID that a caller holds names. Its text is the prefix.
type Kind string

// The kinds of things that a caller can name.
const (
	Account  Kind = "acc"
	Job      Kind = "job"
	Image    Kind = "img"
	Import   Kind = "imp"
	Audit    Kind = "aud"
	Security Kind = "sec"
	Upload   Kind = "upl"
	Booking  Kind = "bkg"
	Device   Kind = "dev"
	Tenant   Kind = "ten"
	Run      Kind = "run" // of maintenance
	Task     Kind = "tsk"
	Webhook  Kind = "whk"
	Delivery Kind = "whd" // to a webhook
)

var kinds = map[Kind]bool{
	Account: true, Job: true, Image: true, Import: true, Audit: true, Security: true, Upload: true, Booking: true, Device: true, Tenant: true,
	Run: true, Task: true,
	Webhook: true, Delivery: true,
}

// encodedLen is the length of every public id: prefix, "_", 32 hexadecimal digits.
const encodedLen = 3 + 1 + 32

// Format returns the public form of d, such as "img_018f…" (36 ASCII characters).
func (k Kind) Format(d ID) string {
	var text [encodedLen]byte
	return string(k.Append(text[:0], d))
}

// Append writes the public form of d to dst.
func (k Kind) Append(dst []byte, d ID) []byte {
	dst = append(dst, k...)
	dst = append(dst, '_')
	return hex.AppendEncode(dst, d[:])
}

// Parse reads a public id of this kind. Anything but the exact text that
// [Kind.Format] writes is not an id: no upper case, no spaces, no other kind.
func (k Kind) Parse(text string) (ID, bool) {
	got, d, ok := Parse(text)
	return d, ok && got == k
}

// Parse reads a public id of any kind.
func Parse(text string) (Kind, ID, bool) {
	if len(text) != encodedLen || text[3] != '_' || !kinds[Kind(text[:3])] {
		return "", Nil, false
	}
	var d ID
	for i := 4; i < encodedLen; i++ {
		if c := text[i]; !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return "", Nil, false
		}
	}
	if _, err := hex.Decode(d[:], []byte(text[4:])); err != nil {
		return "", Nil, false
	}
	return Kind(text[:3]), d, true
}
