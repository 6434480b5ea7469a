package archive_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"pixgate/internal/archive"
)

// readByGo reads an archive with archive/zip, by range.
func readByGo(t *testing.T, s *store, readData bool) {
	t.Helper()
	r, err := zip.NewReader(s, s.Size())
	if err != nil {
		t.Fatalf("archive/zip: %v", err)
	}
	if len(r.File) != len(s.entries) {
		t.Fatalf("archive/zip: %d entries, want %d", len(r.File), len(s.entries))
	}
	for i, f := range r.File {
		e := s.entries[i]
		if f.Name != e.Name || f.UncompressedSize64 != uint64(e.Size) || f.CRC32 != e.CRC32 || !f.Modified.Equal(e.Modified) || f.Mode() != 0o644 {
			t.Fatalf("archive/zip: %+v, want %+v", f.FileHeader, e)
		}
		if _, err := f.DataOffset(); err != nil {
			t.Fatalf("archive/zip: %q: %v", e.Name, err)
		}
		if !readData {
			continue
		}
		data, err := f.Open()
		if err != nil {
			t.Fatalf("archive/zip: %q: %v", e.Name, err)
		}
		if n, err := io.Copy(io.Discard, data); err != nil || n != e.Size { // it checks the CRC-32
			t.Fatalf("archive/zip: %q: %d bytes: %v", e.Name, n, err)
		}
	}
}

func TestGoReads(t *testing.T) {
	t.Parallel()
	for name, s := range shapes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			readByGo(t, s, true)
		})
	}
	if empty := pack(t, nil, nil); empty.Size() != 22 {
		t.Errorf("an empty archive has %d bytes", empty.Size())
	} else {
		readByGo(t, empty, true)
	}
}

// program starts a reader of other people's and returns what it printed. Without
// that program there is nothing to test.
func program(t *testing.T, debian string, stdin io.Reader, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("no %s on this machine: Debian has it in %s", name, debian)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=America/Caracas", "PYTHONUTF8=1")
	var problems bytes.Buffer
	cmd.Stdin, cmd.Stderr = stdin, &problems
	out, err := cmd.Output()
	if err != nil || problems.Len() > 0 {
		t.Fatalf("%s: %v: %.500s%.500s", name, err, problems.String(), out)
	}
	return out
}

// listed is an entry as Python's zipfile tells it.
type listed struct {
	Name string
	Size int64
	CRC  uint32
	Date []int
}

// pythonLists has Python's zipfile list an archive; it says what is wrong when
// told to read everything.
const pythonLists = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    if sys.argv[2] == "all" and z.testzip() is not None:
        sys.exit("bad: " + z.testzip())
    for i in z.infolist()[-3:]:
        z.open(i).close()
    json.dump([{"Name": i.filename, "Size": i.file_size, "CRC": i.CRC, "Date": i.date_time} for i in z.infolist()], sys.stdout)
`

func readByPython(t *testing.T, file string, entries []archive.Entry, what string) {
	t.Helper()
	var got []listed
	if err := json.Unmarshal(program(t, "python3", nil, "python3", "-c", pythonLists, file, what), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(entries) {
		t.Fatalf("%d entries, want %d", len(got), len(entries))
	}
	for i, e := range entries {
		if g := got[i]; g.Name != e.Name || g.Size != e.Size || g.CRC != e.CRC32 || !slices.Equal(g.Date, []int{2026, 6, 14, 15, 9, 26}) {
			t.Fatalf("%+v, want %+v", g, e)
		}
	}
}

func TestOthersRead(t *testing.T) {
	t.Parallel()
	for name, s := range shapes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "a.zip")
			var whole, contents bytes.Buffer
			if _, err := s.writeTo(&whole); err != nil {
				t.Fatal(err)
			}
			for i, e := range s.entries {
				io.Copy(&contents, io.NewSectionReader(s.data[i], 0, e.Size))
			}
			if err := os.WriteFile(path, whole.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Run("Info-ZIP", func(t *testing.T) {
				program(t, "unzip", nil, "unzip", "-tqq", path)
				names := strings.Split(strings.TrimSuffix(string(program(t, "unzip", nil, "unzip", "-Z1", path)), "\n"), "\n")
				if !slices.Equal(names, s.names()) {
					t.Fatalf("%.500q, want %.500q", names, s.names())
				}
			})
			t.Run("Python", func(t *testing.T) { readByPython(t, path, s.entries, "all") })
			t.Run("7-Zip", func(t *testing.T) {
				out := string(program(t, "p7zip-full", nil, "7z", "t", path))
				if !strings.Contains(out, "Everything is Ok") || strings.Contains(out, "Warn") {
					t.Fatalf("%.500s", out)
				}
				var names []string
				for line := range strings.Lines(string(program(t, "p7zip-full", nil, "7z", "l", "-ba", "-slt", path))) {
					if name, is := strings.CutPrefix(line, "Path = "); is {
						names = append(names, strings.TrimSuffix(name, "\n"))
					}
				}
				if !slices.Equal(names, s.names()) {
					t.Fatalf("%.500q, want %.500q", names, s.names())
				}
			})
			t.Run("libarchive, as macOS has it", func(t *testing.T) {
				want := norm.NFC.String(strings.Join(s.names(), "\n") + "\n") // it composes what it prints
				// Twice: by the directory, and from a pipe by the headers alone.
				if got := program(t, "libarchive-tools", nil, "bsdtar", "-tf", path); string(got) != want {
					t.Fatalf("%.500q, want %.500q", got, want)
				}
				if got := program(t, "libarchive-tools", nil, "bsdtar", "-xOf", path); !bytes.Equal(got, contents.Bytes()) {
					t.Fatalf("other contents: %d bytes, want %d", len(got), contents.Len())
				}
				if got := program(t, "libarchive-tools", bytes.NewReader(whole.Bytes()), "bsdtar", "-xOf", "-"); !bytes.Equal(got, contents.Bytes()) {
					t.Fatalf("other contents from a pipe: %d bytes, want %d", len(got), contents.Len())
				}
			})
		})
	}
}

// What programs unpack has the names, bytes, times and modes that it should have.
func TestOthersUnpack(t *testing.T) {
	t.Parallel()
	s := pack(t, archive.Names(hard), func(i int) int { return 100 * i })
	packed := filepath.Join(t.TempDir(), "a.zip")
	var whole bytes.Buffer
	if _, err := s.writeTo(&whole); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(packed, whole.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, unpack := range map[string]func(t *testing.T, into string){
		"Info-ZIP": func(t *testing.T, into string) { program(t, "unzip", nil, "unzip", "-q", packed, "-d", into) },
		"libarchive": func(t *testing.T, into string) {
			program(t, "libarchive-tools", nil, "bsdtar", "-xf", packed, "-C", into)
		},
		"7-Zip": func(t *testing.T, into string) { program(t, "p7zip-full", nil, "7z", "x", "-o"+into, packed) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			into := t.TempDir()
			unpack(t, into)
			files, err := os.ReadDir(into)
			if err != nil || len(files) != len(s.entries) {
				t.Fatalf("%d files, want %d: %v", len(files), len(s.entries), err)
			}
			for _, e := range s.entries {
				data, err := os.ReadFile(filepath.Join(into, e.Name))
				if err != nil || crc32.ChecksumIEEE(data) != e.CRC32 || int64(len(data)) != e.Size {
					t.Fatalf("%q: %d bytes: %v", e.Name, len(data), err)
				}
				info, err := os.Stat(filepath.Join(into, e.Name))
				if err != nil {
					t.Fatal(err)
				}
				if info.Mode().Perm()&^0o022 != 0o644&^0o022 {
					t.Errorf("%q: mode %v", e.Name, info.Mode())
				}
				if got := info.ModTime(); name != "7-Zip" && !got.Equal(taken) { // 16.02 takes the other field for local time
					t.Errorf("%q: %v, want %v", e.Name, got.UTC(), taken)
				}
			}
		})
	}
}

// Sixty gigabytes, read at both ends: no reader looks at what lies between.
func TestSixtyGigabytes(t *testing.T) {
	t.Parallel()
	const (
		files  = 11_200
		each   = 5_000_000
		large  = 4<<30 + 1 // one film among the photographs, near the front
		aimed  = 60_000_000_000
		film   = 3
		behind = 1000 // an entry beyond 4 GiB
	)
	s := &store{}
	plain, long := crc32.ChecksumIEEE(make([]byte, each)), crc32.NewIEEE()
	io.Copy(long, io.NewSectionReader(zeros(large), 0, large))
	for i := range files {
		e := archive.Entry{Name: fmt.Sprintf("picture %05d.jpg", i), Size: each, CRC32: plain, Modified: taken}
		if i == film {
			e.Size, e.CRC32 = large, long.Sum32()
		}
		s.entries = append(s.entries, e)
		s.data = append(s.data, zeros(e.Size))
	}
	s.lay(t)
	if s.Size() < aimed {
		t.Fatalf("%d bytes only", s.Size())
	}
	sheet := &sheet{ReaderAt: s}
	strictly(sheet, s.entries, s.Size(), false)
	if sheet.err != nil {
		t.Fatal(sheet.err)
	}

	t.Run("Go", func(t *testing.T) {
		readByGo(t, s, false)
		r, err := zip.NewReader(s, s.Size())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range []int{0, film, behind, files - 1} {
			data, err := r.File[i].Open()
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, data); n != s.entries[i].Size || err != nil {
				t.Errorf("entry %d: %d bytes: %v", i, n, err)
			}
		}
	})

	// The others want a file: one of holes, which takes no room. They take the
	// film, too, but in 20 seconds (7-Zip) to 45 (Info-ZIP).
	path := filepath.Join(t.TempDir(), "60 GB.zip")
	sparse, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	at := int64(0)
	for part := range s.Parts(0, s.Size()) {
		if _, err := sparse.WriteAt(part.Literal, at); err != nil {
			t.Fatal(err)
		}
		at += part.Length
	}
	if err := sparse.Close(); err != nil {
		t.Fatal(err)
	}
	t.Run("Info-ZIP", func(t *testing.T) {
		program(t, "unzip", nil, "unzip", "-tqq", path, s.entries[0].Name, s.entries[behind].Name, s.entries[files-1].Name)
	})
	t.Run("Python", func(t *testing.T) { readByPython(t, path, s.entries, "list") })
	t.Run("7-Zip", func(t *testing.T) {
		out := string(program(t, "p7zip-full", nil, "7z", "t", path, s.entries[0].Name, s.entries[behind].Name, s.entries[files-1].Name))
		if !strings.Contains(out, "Everything is Ok") || !strings.Contains(out, "Files: 3") || strings.Contains(out, "Warn") {
			t.Fatalf("%.500s", out)
		}
	})
	t.Run("libarchive", func(t *testing.T) {
		out := program(t, "libarchive-tools", nil, "bsdtar", "-tvf", path)
		if n := strings.Count(string(out), "picture "); n != files || !strings.Contains(string(out), fmt.Sprint(int64(large))) {
			t.Fatalf("%d entries", n)
		}
	})
}

// What the two times of an entry can tell, and where they stop.
func TestTimes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ modified, want time.Time }{
		{taken, taken},
		{taken.Add(999 * time.Millisecond), taken},
		{taken.In(time.FixedZone("", 2*60*60)), taken},
		{time.Time{}, time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)},
		{time.Date(1979, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)},
		{time.Date(1980, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(1980, 1, 1, 0, 0, 1, 0, time.UTC)},
		{time.Date(2038, 1, 19, 3, 14, 7, 0, time.UTC), time.Date(2038, 1, 19, 3, 14, 7, 0, time.UTC)},
		{time.Date(2038, 1, 19, 3, 14, 9, 0, time.UTC), time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC)},
		{time.Date(2107, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2107, 12, 31, 23, 59, 58, 0, time.UTC)},
		{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2107, 12, 31, 23, 59, 58, 0, time.UTC)},
	} {
		s := &store{entries: []archive.Entry{{Name: "a", Modified: test.modified}}}
		s.lay(t)
		r, err := zip.NewReader(s, s.Size())
		if err != nil {
			t.Fatal(err)
		}
		if got := r.File[0].Modified; !got.Equal(test.want) {
			t.Errorf("%v: %v, want %v", test.modified, got, test.want)
		}
	}
}
