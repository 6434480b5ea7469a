package transfer

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"time"

	"pixgate/internal/archive"
	"pixgate/internal/blob"
	"pixgate/internal/job"
)

// The prefetch window: while one object is sent, the beginnings of so many more are
// read, so many blocks of each. A stream holds at most
// (objectsAhead+1)*blocksAhead + 1 blocks, 4 MiB, however slow its client is.
const (
	objectsAhead = 4
	blocksAhead  = 3
	blockSize    = 256 << 10
)

const (
	// readAttempts is how often a stretch is read before a broken transfer counts.
	readAttempts = 3
	// readStall is how long a store may take to bring a block.
	readStall = 20 * time.Second
)

// errChecksum says that an object's bytes are not those that were taken in.
var errChecksum = errors.New("the object's CRC-32 is not the one recorded")

// errBroken says that a transfer ended before its end. One that did not begin was
// tried several times by the store's client already.
var errBroken = errors.New("the transfer broke off")

// block is some bytes of an object, or why there are no more.
type block struct {
	data *[blockSize]byte
	n    int
	err  error
}

var blocks = sync.Pool{New: func() any { return new([blockSize]byte) }}

// bytes are valid until done is called.
func (b block) bytes() []byte { return b.data[:b.n] }

func (b block) done() {
	if b.data != nil {
		blocks.Put(b.data)
	}
}

// reader reads one part of an object: its beginning ahead of time, in a goroutine of
// its own, and what follows when it is asked for, in that of whoever asks. The last
// block of a whole object is held back until the CRC-32 of all is right.
type reader struct {
	ctx    context.Context
	cancel context.CancelFunc
	store  *blob.Store
	image  *job.Image
	part   archive.Part
	stall  *time.Timer

	ahead chan block // closed behind the beginning; then the rest is the asker's

	body io.ReadCloser // nil: not open
	at   int64         // read so far, in whole blocks
	sum  uint32        // of these
}

// fetch begins to read a part of an object, until ctx ends.
func fetch(ctx context.Context, store *blob.Store, image *job.Image, part archive.Part) *reader {
	r := &reader{store: store, image: image, part: part, ahead: make(chan block, blocksAhead)}
	r.ctx, r.cancel = context.WithCancel(ctx)
	r.stall = time.AfterFunc(readStall, r.cancel)
	go func() {
		defer close(r.ahead)
		for range blocksAhead {
			b := r.read()
			r.ahead <- b // never blocks
			if b.err != nil || r.at == r.part.Length {
				return
			}
		}
	}()
	return r
}

// next returns the next block. It must not be called behind the last or an error.
func (r *reader) next() block {
	if b, ok := <-r.ahead; ok {
		return b
	}
	return r.read()
}

// read reads a block. A transfer that breaks off is taken up again where the last
// block ended: a prefetched object may have waited for a slow client for long.
func (r *reader) read() block {
	b := block{data: blocks.Get().(*[blockSize]byte), n: int(min(blockSize, r.part.Length-r.at))}
	for attempt := 1; ; attempt++ {
		r.stall.Reset(readStall)
		b.err = r.fill(b.bytes())
		if attempt == readAttempts || r.ctx.Err() != nil || !errors.Is(b.err, errBroken) {
			break
		}
	}
	r.stall.Stop() // waiting for the client is not the store's fault
	if b.err != nil {
		return b
	}
	r.at += int64(b.n)
	if r.part.Whole {
		r.sum = crc32.Update(r.sum, crc32.IEEETable, b.bytes())
		if r.at == r.part.Length && r.sum != r.image.CRC32 {
			b.err = errChecksum
		}
	}
	return b
}

func (r *reader) fill(p []byte) error {
	if r.body == nil {
		body, object, err := r.store.Get(r.ctx, r.image.ObjectKey, blob.GetOptions{
			IfMatch: r.image.ETag, Offset: r.part.Offset + r.at, Length: r.part.Length - r.at,
		})
		if err != nil {
			return err
		}
		r.body = body
		if object.Size != r.image.Size || object.ETag != r.image.ETag {
			return fmt.Errorf("%w: a store that minds no If-Match", blob.ErrChanged)
		}
	}
	if _, err := io.ReadFull(r.body, p); err != nil {
		r.hangUp()
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	return nil
}

// hangUp closes the body.
func (r *reader) hangUp() {
	if r.body != nil {
		r.body.Close()
		r.body = nil
	}
}

// close ends the reading, once nothing is read ahead any more.
func (r *reader) close() {
	r.hangUp()
	r.cancel()
}
