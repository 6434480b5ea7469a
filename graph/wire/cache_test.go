package wire

import (
	"fmt"
	"strings"
	"testing"
)

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newCache()
	for i := range 3 * cacheEntries {
		c.add(&document{text: fmt.Sprint(i)})
		if c.get("0") == nil {
			t.Fatalf("what is asked for all the time went after %d others", i)
		}
	}
	if c.order.Len() != cacheEntries || len(c.byKey) != cacheEntries {
		t.Errorf("%d entries, %d keys, want %d", c.order.Len(), len(c.byKey), cacheEntries)
	}
	if c.get("1") != nil {
		t.Error("the oldest is still there")
	}
	for i := range 1000 {
		c.add(&document{text: fmt.Sprint(i) + strings.Repeat("x", cacheDocument-10)})
		if c.bytes > cacheBytes {
			t.Fatalf("%d bytes", c.bytes)
		}
	}
	sum := 0
	for text := range c.byKey {
		sum += len(text)
	}
	if sum != c.bytes || sum < cacheBytes/2 {
		t.Errorf("%d bytes, counted %d", sum, c.bytes)
	}
}

func TestCacheTakesNoLargeDocument(t *testing.T) {
	t.Parallel()
	c := newCache()
	c.add(&document{text: strings.Repeat("x", cacheDocument+1)})
	if c.order.Len() != 0 {
		t.Error("a large document is kept")
	}
	d := &document{text: "a"}
	c.add(d)
	c.add(&document{text: "a"})
	if c.get("a") != d || c.bytes != 1 {
		t.Error("the same text twice is two entries")
	}
}
