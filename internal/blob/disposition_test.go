package blob

import (
	"mime"
	"strings"
	"testing"
)

func TestAttachment(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"":                              "attachment",
		"IMG_0001.JPG":                  "attachment; filename=IMG_0001.JPG",
		"Bad (1).jpg":                   `attachment; filename="Bad (1).jpg"`,
		"Küche.jpg":                     "attachment; filename*=utf-8''K%C3%BCche.jpg",
		`a"; filename="b.exe`:           `attachment; filename="a\"; filename=\"b.exe"`,
		"a\r\nSet-Cookie: x=y.jpg":      "attachment; filename*=utf-8''a%0D%0ASet-Cookie%3A%20x%3Dy.jpg",
		"\xff.jpg":                      "attachment; filename=_.jpg",
		strings.Repeat("Ä", 300) + ".x": "attachment; filename*=utf-8''" + strings.Repeat("%C3%84", 300) + ".x",
	} {
		if got := Attachment(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// What we write is what the standard library writes, stays on one line, and
// reads back as the name that went in.
func FuzzAttachment(f *testing.F) {
	for _, seed := range []string{"IMG_0001.JPG", "Bad (1).jpg", "Küche.jpg", `q"\'%*.jpg`, "a\r\nb", "tab\t.jpg", "~!#$&+-.^_`{|}", "\x7f", "\xff\xff ü", "🏡"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" {
			t.Skip("has no parameter")
		}
		got := Attachment(name)
		if strings.ContainsAny(got, "\r\n\x00") {
			t.Fatalf("%q breaks the line: %q", name, got)
		}
		name = strings.ToValidUTF8(name, "_")
		kind, params, err := mime.ParseMediaType(got)
		if err != nil || kind != "attachment" || len(params) != 1 || params["filename"] != name {
			t.Fatalf("%q reads back as %q %q (%v)", name, kind, params, err)
		}
		if want := mime.FormatMediaType("attachment", map[string]string{"filename": name}); want != got {
			t.Fatalf("%q: %s, the standard library writes %s", name, got, want)
		}
	})
}
