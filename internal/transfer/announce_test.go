package transfer

import (
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf8"

	"pixgate/internal/fault"
)

// FuzzAnnouncement: whatever a client announces is refused by its field, or becomes
// something that the database and every file system take.
func FuzzAnnouncement(f *testing.F) {
	sum := strings.Repeat("0f", 32)
	f.Add("Küche.jpg", "image/jpeg", int64(1), sum)
	f.Add("../../etc/passwd", "image/png", int64(-1), strings.ToUpper(sum))
	f.Add("CON", "image/webp", int64(MaxUpload+1), sum[1:]+"g")
	f.Add("\u202egpj.exe", "image/svg+xml", int64(1<<62), "")
	f.Add(strings.Repeat("ä", 255), "text/html\r\nx: y", int64(5), sum+sum)
	f.Fuzz(func(t *testing.T, filename, contentType string, size int64, sha256 string) {
		checked, err := Announcement{Filename: filename, ContentType: contentType, Size: size, SHA256: sha256}.check()
		if err != nil {
			if !fault.Is(err, fault.ValidationFailed) || len(fault.As(err).Fields) == 0 {
				t.Fatalf("not refused by its field: %v", err)
			}
			return
		}
		if hex.EncodeToString(checked.sum[:]) != strings.ToLower(sha256) {
			t.Fatalf("the sum %q became %x", sha256, checked.sum)
		}
		if n := len(checked.filename); n == 0 || n > 255 || !utf8.ValidString(checked.filename) || strings.ContainsAny(checked.filename, "/\\\x00\r\n\"") {
			t.Fatalf("the name %q became %q", filename, checked.filename)
		}
		if strings.ContainsAny(checked.contentType, "\r\n;, ") || checked.size < 1 {
			t.Fatalf("%q, %d", checked.contentType, checked.size)
		}
		if checked.refusal() == nil && (checked.size > MaxUpload || !strings.HasPrefix(checked.contentType, "image/") || strings.Contains(checked.contentType, "svg")) {
			t.Fatalf("taken: %+v", checked)
		}
	})
}

// FuzzAnnouncedParts: a part is named once, and is one of those that there are.
func FuzzAnnouncedParts(f *testing.F) {
	sum := strings.Repeat("0f", 32)
	f.Add(1, 2, 3, sum)
	f.Add(0, -1, 1<<40, "x")
	f.Add(2, 2, 2, sum)
	f.Fuzz(func(t *testing.T, a, b, most int, sha256 string) {
		parts := []AnnouncedPart{{a, sha256}, {b, strings.Repeat("0f", 32)}}
		sums, err := checkParts(parts, most)
		ok := a >= 1 && b >= 1 && a <= most && b <= most && a != b
		if _, hexed := parseSHA256(sha256); (err == nil) != (ok && hexed) || err == nil && len(sums) != 2 {
			t.Fatalf("%v of %d: %v", parts, most, err)
		}
	})
}
