package files

import (
	"errors"
	"testing"
	"time"
)

// client takes each block in a time of its own, by a clock of its own.
type client struct {
	at   time.Time
	wait time.Duration
}

func (c *client) now() time.Time { return c.at }

func (c *client) Write(block []byte) (int, error) {
	c.at = c.at.Add(c.wait)
	return len(block), nil
}

func TestOnlyWaitingForTheClientCounts(t *testing.T) {
	t.Parallel()
	second := make([]byte, slowest)
	for _, c := range []struct {
		name          string
		block         []byte
		wait, between time.Duration
		cut           bool
	}{
		{"as much as must be", second, time.Second, 0, false},
		{"a byte too few", second[1:], time.Second, 0, true},
		{"a storage that takes a day for each block", second, time.Millisecond, 24 * time.Hour, false},
		{"a client that takes a small block now and then", second[:100], 20 * time.Second, 0, true},
	} {
		to := &client{wait: c.wait}
		p := &paced{w: to, now: to.now}
		blocks, err := 0, error(nil)
		for ; blocks < 1000 && err == nil; blocks++ {
			to.at = to.at.Add(c.between)
			_, err = p.Write(c.block)
		}
		if errors.Is(err, errSlow) != c.cut || c.cut && time.Duration(blocks)*c.wait != lookAt {
			t.Errorf("%s: after %d blocks %v", c.name, blocks, err)
		}
	}
}

// Who was fast for an hour is not let off for the next one.
func TestEachFiveMinutesCountForThemselves(t *testing.T) {
	t.Parallel()
	to := &client{wait: time.Second}
	p := &paced{w: to, now: to.now}
	for range 3600 {
		if _, err := p.Write(make([]byte, 100*slowest)); err != nil {
			t.Fatal(err)
		}
	}
	for blocks := 1; ; blocks++ {
		if _, err := p.Write([]byte{1}); err != nil {
			break
		} else if blocks > 300 {
			t.Fatal("who was fast once may hold a place for as long as they like")
		}
	}
}
