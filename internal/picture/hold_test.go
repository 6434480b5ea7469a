package picture

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"sync"
	"testing"
	"testing/iotest"
)

// large is a sound PNG of more than is held in memory.
func large(tb testing.TB) []byte {
	return insert(pngOf(tb, quarters(64, 64)), 33, pngChunk("grAn", grain(inMemory+1<<20)))
}

// A file that does not stay in memory is judged like any other, and leaves
// nothing behind on the disk, whether it is taken or not.
func TestLargeFilesWaitOnDisk(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	data := large(t)
	p := inspect(t, data)
	if p.SHA256 != sha256.Sum256(data) || p.CRC32 != crc32.ChecksumIEEE(data) || p.Size != int64(len(data)) || p.Width != 64 {
		t.Error("size, sums or width are wrong")
	}
	refused(t, flipped(data, len(data)/2), Options{}, Truncated)
	refused(t, data, Options{Bytes: int64(len(data)) - 1}, TooLarge)
	broken := errors.New("connection reset")
	if _, err := Inspect(t.Context(), io.MultiReader(bytes.NewReader(data[:len(data)-9]), iotest.ErrReader(broken)), Options{}); !errors.Is(err, broken) {
		t.Errorf("a broken reader gave %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left on the disk: %v, %v", left, err)
	}

	// No disk is no verdict on the picture.
	t.Setenv("TMPDIR", dir+"/gone")
	_, err = Inspect(t.Context(), bytes.NewReader(data), Options{})
	if _, refused := errors.AsType[*Refusal](err); refused || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a place on the disk: %v", err)
	}
}

// Exactly as much as is held in memory, a byte less, a byte more.
func TestSizesAtTheEdge(t *testing.T) {
	t.Parallel()
	empty := len(insert(pngOf(t, quarters(64, 64)), 33, pngChunk("grAn", nil)))
	for _, n := range []int{inMemory - 1, inMemory, inMemory + 1} {
		data := insert(pngOf(t, quarters(64, 64)), 33, pngChunk("grAn", grain(n-empty)))
		if p := inspect(t, data); p.Size != int64(n) || p.SHA256 != sha256.Sum256(data) {
			t.Errorf("%d bytes: counted %d", n, p.Size)
		}
		if _, err := Inspect(t.Context(), bytes.NewReader(data), Options{Bytes: int64(n)}); err != nil {
			t.Errorf("%d bytes, at the limit exactly: %v", n, err)
		}
	}
}

// Buffers are used again by other pictures: none may see another's bytes.
func TestPicturesDoNotMix(t *testing.T) {
	t.Parallel()
	files := [][]byte{jpegOf(t, quarters(300, 200)), pngOf(t, quarters(50, 70)), webpOf(90, 60, quarter[1], nil), large(t), []byte("no picture")}
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			data := files[i%len(files)]
			p, err := Inspect(t.Context(), iotest.HalfReader(bytes.NewReader(data)), Options{})
			if len(data) < 20 {
				if err == nil {
					t.Error("no picture was taken for one")
				}
				return
			}
			if err != nil || p.SHA256 != sha256.Sum256(data) {
				t.Errorf("picture %d: %v", i, err)
			}
		})
	}
	group.Wait()
}
