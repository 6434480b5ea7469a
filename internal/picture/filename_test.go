package picture

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestFilename(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"incoming/job 7/IMG_0001.JPG":      "IMG_0001.JPG",
		"Ku\u0308che.jpg":                  "Küche.jpg",
		"Wohnzimmer Süd (1).jpg":           "Wohnzimmer Süd (1).jpg",
		`C:\fakepath\bad"name?.jpg`:        "C__fakepath_bad_name_.jpg",
		"a\r\nb\x00c\x7f.jpg":              "abc.jpg",
		"invoice\u202egpj.exe":             "invoicegpj.exe",
		"../../.htaccess":                  "htaccess",
		".jpg":                             "jpg",
		"trailing. . ":                     "trailing",
		"  leading.jpg":                    "leading.jpg",
		"con":                              "_con",
		"CON.jpg":                          "_CON.jpg",
		"aux .tar.gz":                      "_aux .tar.gz",
		"COM1.jpg":                         "_COM1.jpg",
		"lpt³.jpg":                         "_lpt³.jpg",
		"COM10.jpg":                        "COM10.jpg",
		"console.jpg":                      "console.jpg",
		"\xff\xfe.jpg":                     "_.jpg",
		"":                                 "picture",
		"folder/":                          "picture",
		"...":                              "picture",
		"👨\u200d👩\u200d👧.jpg":              "👨\u200d👩\u200d👧.jpg",
		strings.Repeat("ä", 200) + ".jpg":  strings.Repeat("ä", 125) + ".jpg",
		"x." + strings.Repeat("long", 100): ("x." + strings.Repeat("long", 100))[:255],
		strings.Repeat("a", 250) + " . . " + "x.jpeg": strings.Repeat("a", 250) + ".jpeg",
	} {
		if got := Filename(key); got != want {
			t.Errorf("%q: %q, want %q", key, got, want)
		}
	}
}

func FuzzFilename(f *testing.F) {
	for _, seed := range []string{"a/b.jpg", "con.jpg", "..", " . ", "Ku\u0308che.JPG", "\xff", "x\u202ey", strings.Repeat("ü.", 200), "K.jpg", "e\u200e\u0301", "nul\u0000.png"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		got := Filename(key)
		first := got
		if i := strings.IndexByte(got, '.'); i >= 0 {
			first = got[:i]
		}
		switch {
		case got == "":
			t.Fatal("empty")
		case len(got) > 255:
			t.Fatalf("%d bytes", len(got))
		case !utf8.ValidString(got), !norm.NFC.IsNormalString(got):
			t.Fatalf("%q is not NFC", got)
		case strings.ContainsAny(got, "<>:\"/\\|?*\x00\r\n\x7f\u202e\u2066"):
			t.Fatalf("%q has reserved characters", got)
		case strings.HasPrefix(got, "."), strings.HasSuffix(got, "."), strings.HasSuffix(got, " "):
			t.Fatalf("%q has a dot or space at its edge", got)
		case strings.EqualFold(first, "con"), strings.EqualFold(first, "lpt1"), strings.EqualFold(first, "nul"):
			t.Fatalf("%q is a device", got)
		case Filename(got) != got:
			t.Fatalf("%q is cleaned again to %q", got, Filename(got))
		}
	})
}
