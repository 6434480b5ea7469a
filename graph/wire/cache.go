package wire

import (
	"container/list"
	"sync"
)

// What the cache of documents may hold: enough for every query that the clients of a studio are built with. A parsed document
// takes some 50 times the memory of its text.
const (
	cacheEntries  = 1000
	cacheBytes    = 1 << 20 // of text
	cacheDocument = 8 << 10 // of text, for one
)

// cache keeps the valid documents that were asked for last, by their text.
type cache struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // of *document, the last used in front
	bytes int
}

func newCache() *cache {
	return &cache{byKey: make(map[string]*list.Element), order: list.New()}
}

// get returns the document of this text, or nil.
func (c *cache) get(text string) *document {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[text]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*document)
}

// add keeps d, and drops what was not used for the longest time instead.
func (c *cache) add(d *document) {
	if len(d.text) > cacheDocument {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[d.text]; ok { // another request was faster
		return
	}
	c.byKey[d.text] = c.order.PushFront(d)
	c.bytes += len(d.text)
	for c.order.Len() > cacheEntries || c.bytes > cacheBytes {
		oldest := c.order.Remove(c.order.Back()).(*document)
		delete(c.byKey, oldest.text)
		c.bytes -= len(oldest.text)
	}
}
