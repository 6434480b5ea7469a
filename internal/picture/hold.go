package picture

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"
	"syscall"
)

const (
	// sniffed is how much of a file is read before its kind must be known.
	sniffed = 512
	// inMemory is how much of a file is held in memory.
	inMemory = 16 << 20
)

// held is a file at hand, all of it, until it is released.
type held struct {
	data    []byte
	release func()
}

// buffer is memory for a file's beginning.
type buffer []byte

// buffers spares each picture the growing of another one.
var buffers = sync.Pool{New: func() any { return &buffer{} }}

// readUpTo reads in to its end, or until it holds n bytes.
func (b *buffer) readUpTo(n int, in io.Reader) error {
	for len(*b) < n {
		if len(*b) == cap(*b) {
			grown := make(buffer, len(*b), min(max(64<<10, 4*cap(*b)), inMemory))
			copy(grown, *b)
			*b = grown
		}
		free := (*b)[len(*b):min(n, cap(*b))]
		read, err := in.Read(free)
		*b = (*b)[:len(*b)+read]
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("picture: read: %w", err)
		}
	}
	return nil
}

// hold reads r to its end and fills in what needs every byte. It gives up as soon
// as the beginning shows that there is nothing to gain from the rest.
func (p *Picture) hold(ctx context.Context, r io.Reader, limit int64) (held, *kind, error) {
	buf := buffers.Get().(*buffer)
	*buf = (*buf)[:0]
	file := held{release: func() { buffers.Put(buf) }}
	sha, crc := sha256.New(), crc32.NewIEEE()
	in := io.TeeReader(io.LimitReader(reader{ctx, r}, limit+1), io.MultiWriter(sha, crc))

	fail := func(err error) (held, *kind, error) {
		file.release()
		return held{}, nil, err
	}
	if err := buf.readUpTo(sniffed, in); err != nil {
		return fail(err)
	}
	kind, err := sniff(*buf)
	if err != nil {
		return fail(err)
	}
	if err := buf.readUpTo(inMemory, in); err != nil {
		return fail(err)
	}
	file.data = *buf
	if len(file.data) == inMemory {
		if file, err = spill(buf, in); err != nil {
			return fail(err)
		}
	}
	p.Size = int64(len(file.data))
	if p.Size > limit {
		return fail(refuse(TooLarge, nil, limit>>20))
	}
	sha.Sum(p.SHA256[:0])
	p.CRC32 = crc.Sum32()
	return file, kind, nil
}

// spill moves a file out of memory into a nameless one, which the system gives
// back whatever becomes of us, and maps it. The buffer is free again afterwards.
func spill(buf *buffer, in io.Reader) (held, error) {
	none := held{release: func() { buffers.Put(buf) }}
	f, err := os.CreateTemp("", "pixgate-picture-*")
	if err != nil {
		return none, fmt.Errorf("picture: hold a large file: %w", err)
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return none, fmt.Errorf("picture: hold a large file: %w", err)
	}
	size := int64(len(*buf))
	if _, err := f.Write(*buf); err != nil {
		return none, fmt.Errorf("picture: hold a large file: %w", err)
	}
	more, err := io.CopyBuffer(struct{ io.Writer }{f}, in, (*buf)[:256<<10])
	if err != nil {
		return none, fmt.Errorf("picture: read or hold a large file: %w", err)
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(size+more), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return none, fmt.Errorf("picture: hold a large file: %w", err)
	}
	buffers.Put(buf)
	return held{data: data, release: func() { _ = syscall.Munmap(data) }}, nil
}

// reader ends with its context: decoders know of none.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}
