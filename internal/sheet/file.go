package sheet

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
)

// file writes the objects of a PDF (ISO 32000-1, 7.5) one after another and remembers nothing of
// them but where they begin.
type file struct {
	w       io.Writer
	at      int64
	offsets []int64 // by number, from 1; 0: given out, and not written yet
	err     error   // the first; nothing is written after it
}

// number gives out the number of an object that is written later.
func (f *file) number() int {
	f.offsets = append(f.offsets, 0)
	return len(f.offsets)
}

func (f *file) write(text []byte) {
	if f.err != nil {
		return
	}
	n, err := f.w.Write(text)
	f.at += int64(n)
	f.err = err
}

func (f *file) print(format string, args ...any) { f.write(fmt.Appendf(nil, format, args...)) }

func (f *file) object(number int, format string, args ...any) {
	f.offsets[number-1] = f.at
	f.print("%d 0 obj\n", number)
	f.print(format, args...)
	f.print("\nendobj\n")
}

// stream writes an object with bytes; dict is more of its dictionary.
func (f *file) stream(number int, dict string, data []byte) {
	f.offsets[number-1] = f.at
	f.print("%d 0 obj\n<< /Length %d %s >>\nstream\n", number, len(data), dict)
	f.write(data)
	f.print("\nendstream\nendobj\n")
}

// packed is stream with the bytes made smaller.
func (f *file) packed(number int, dict string, data []byte) {
	var small bytes.Buffer
	z := zlib.NewWriter(&small)
	_, _ = z.Write(data) // memory takes everything
	_ = z.Close()
	f.stream(number, "/Filter /FlateDecode "+dict, small.Bytes())
}

// end writes where everything is. Every number that was given out must have been written.
func (f *file) end(root int) {
	start := f.at
	f.print("xref\n0 %d\n0000000000 65535 f \n", len(f.offsets)+1)
	for _, offset := range f.offsets {
		f.print("%010d 00000 n \n", offset)
	}
	f.print("trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(f.offsets)+1, root, start)
}
