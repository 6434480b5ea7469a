package archive_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"pixgate/internal/archive"
)

func TestNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 130)
	for _, test := range []struct{ names, want []string }{
		{nil, []string{}},
		{[]string{"b.jpg", "a.jpg"}, []string{"b.jpg", "a.jpg"}},
		{[]string{"a.jpg", "a.jpg", "a.jpg"}, []string{"a.jpg", "a (2).jpg", "a (3).jpg"}},
		{[]string{"IMG.JPG", "img.jpg", "Img.Jpg"}, []string{"IMG.JPG", "img (2).jpg", "Img (3).Jpg"}},
		{[]string{"a.jpg", "a.jpg", "a (2).jpg"}, []string{"a.jpg", "a (3).jpg", "a (2).jpg"}},
		{[]string{"a.jpg", "a.jpg", "A (2).JPG", "a (2).jpg"}, []string{"a.jpg", "a (3).jpg", "A (2).JPG", "a (2) (2).jpg"}},
		{[]string{"Ku\u0308che.jpg", "KÜCHE.jpg"}, []string{"Küche.jpg", "KÜCHE (2).jpg"}},
		{[]string{"STRASSE", "Straße"}, []string{"STRASSE", "Straße (2)"}},
		{[]string{"❤.jpg", "❤\ufe0f.jpg", "a\u200db.jpg", "ab.jpg"}, []string{"❤.jpg", "❤\ufe0f (2).jpg", "a\u200db.jpg", "ab (2).jpg"}},
		{[]string{"ü.jpg", "u\u200d\u0308.jpg"}, []string{"ü.jpg", "u\u200d\u0308 (2).jpg"}},
		{[]string{"../a", "C:\\a", "x/a", ""}, []string{"a", "C__a", "a (2)", "picture"}},
		{[]string{"con.jpg", "CON.jpg", ".jpg", "jpg"}, []string{"_con.jpg", "_CON (2).jpg", "jpg", "jpg (2)"}},
		{[]string{"two.tar.gz", "two.tar.gz"}, []string{"two.tar.gz", "two.tar (2).gz"}},
		{[]string{"a .jpg", "a .jpg"}, []string{"a .jpg", "a (2).jpg"}},
		{
			[]string{long + ".jpeg", long + "x.jpeg", long + ".JPEG"},
			[]string{strings.Repeat("ä", 125) + ".jpeg", strings.Repeat("ä", 118) + " (2).jpeg", strings.Repeat("ä", 118) + " (3).JPEG"},
		},
	} {
		if got := archive.Names(test.names); !slices.Equal(got, test.want) {
			t.Errorf("%q: %q, want %q", test.names, got, test.want)
		}
	}
}

// judgeNames holds names against what Names promises.
func judgeNames(t testing.TB, names []string) {
	t.Helper()
	safe := archive.Names(names)
	if len(safe) != len(names) || !slices.Equal(safe, archive.Names(names)) {
		t.Fatalf("%q: %q, and another time other names", names, safe)
	}
	seen := map[string]bool{}
	var entries []archive.Entry
	for i, name := range safe {
		alone := archive.Names(names[i : i+1])[0]
		first, _, _ := strings.Cut(name, ".")
		folded := norm.NFC.String(cases.Fold().String(name))
		switch {
		case len(name) > 255, !utf8.ValidString(name), !norm.NFC.IsNormalString(name):
			t.Fatalf("%q: %d bytes", name, len(name))
		case strings.HasPrefix(name, "."), strings.HasSuffix(name, "."), strings.HasSuffix(name, " "), strings.ContainsAny(name, "<>:\"/\\|?*\x00\n\x7f\u202e"):
			t.Fatalf("%q is not safe", name)
		case strings.EqualFold(first, "con"), strings.EqualFold(first, "com1"):
			t.Fatalf("%q is a device", name)
		case seen[folded], seen[strings.ToUpper(name)]:
			t.Fatalf("%q is there twice, of %q", name, safe)
		case alone != name && !strings.Contains(name, " ("):
			t.Fatalf("%q becomes %q among others", alone, name)
		}
		seen[folded], seen[strings.ToUpper(name)] = true, true
		entries = append(entries, archive.Entry{Name: name})
	}
	if !slices.Equal(archive.Names(safe), safe) {
		t.Fatalf("%q is cleaned again to %q", safe, archive.Names(safe))
	}
	if _, err := archive.New(entries); err != nil {
		t.Fatal(err)
	}
}

func FuzzNames(f *testing.F) {
	for _, seed := range [][]string{
		hard, {"a.jpg", "a.jpg", "a (2).jpg", "A (2).JPG"}, {"con", "CON", "_con"}, {"ß", "ss", "ẞ", "SS"}, {"İ", "i̇", "ı", "I", "i"}, {"ﬁ", "fi"}, {"ſ", "s", "S"},
		{"ΐ", "ΐ"}, {"K", "k"}, {"", "", ""}, {"a\u200d", "a"}, {"a .jpg", "a.jpg", "a .jpg", "a (2).jpg"}, {strings.Repeat("x", 260), strings.Repeat("X", 259)},
	} {
		f.Add(strings.Join(seed, "\n"))
	}
	f.Fuzz(func(t *testing.T, names string) { judgeNames(t, strings.Split(names, "\n")) })
}

// Letters that have more than one way to be compared meet each other.
func TestNamesOfFewLetters(t *testing.T) {
	t.Parallel()
	letters := []string{
		"a", "A", "ß", "ẞ", "ss", "S", "ſ", "İ", "i", "ı", "I", "\u0307", "k", "\u212a", "ﬁ", "fi", "σ", "ς", "Σ", "ü", "u\u0308", "\u0345", "ι",
		"\u200d", "\ufe0f", ".", " ", " (2)", "con", strings.Repeat("x", 120),
	}
	random := rand.New(rand.NewPCG(3, 9))
	for range 3000 {
		names := make([]string, 8)
		for i := range names {
			for range random.IntN(4) {
				names[i] += letters[random.IntN(len(letters))]
			}
		}
		judgeNames(t, names)
	}
}

// However many are the same, and however long they are: naming them does not get
// slower with the square of their number. With it, this would take minutes.
func TestManyDoubles(t *testing.T) {
	t.Parallel()
	const n = 30_000
	same, long := make([]string, n), make([]string, 0, n)
	for i := range same {
		same[i] = "IMG_0001.jpg"
	}
	for i := range n / 2 { // pairs that differ only where the number goes
		name := strings.Repeat("n", 244) + fmt.Sprintf("%05d", i)
		long = append(long, name, name)
	}
	if got := archive.Names(same); got[n-1] != fmt.Sprintf("IMG_0001 (%d).jpg", n) {
		t.Errorf("the last one is %q", got[n-1])
	}
	if got := archive.Names(long); got[n-1] != strings.Repeat("n", 242)+fmt.Sprintf(" (%d)", n/2+1) {
		t.Errorf("the last one is %q", got[n-1])
	}
}
