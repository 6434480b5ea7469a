package transfer_test

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"pixgate/internal/blob"
	"pixgate/internal/transfer"
)

// Ten thousand uploads that were damaged on the way, by the least that can be: no picture
// comes of any, and the store keeps nothing.
func TestTenThousandDamagedUploads(t *testing.T) {
	t.Parallel()
	const many, side = 10_000, 8
	d := newDepot(t)
	data := photo(t, 120)
	u := d.announce(t, d.photog, data)
	link, err := d.uploads.Link(u)
	if err != nil {
		t.Fatal(err)
	}
	before := d.count(t, "SELECT count(*) FROM image")
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: side}}
	var taken, tried atomic.Int64
	var group sync.WaitGroup
	for g := range side {
		group.Go(func() {
			for i := g; i < many; i += side {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, link.URL, bytes.NewReader(damaged(data, i)))
				if err != nil {
					t.Error(err)
					return
				}
				for _, h := range link.Headers {
					r.Header.Set(h.Name, h.Value)
				}
				tried.Add(1)
				answer, err := client.Do(r)
				if err != nil {
					continue // the store hung up
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				if answer.StatusCode < 400 {
					taken.Add(1)
				}
			}
		})
	}
	group.Wait()
	if taken.Load() != 0 || tried.Load() != many {
		t.Errorf("the store took %d of %d", taken.Load(), tried.Load())
	}
	if left := d.keys(t, ""); left != nil {
		t.Errorf("the store holds %q", left)
	}
	big := large(t, 121, 2*blob.MinPart+1000)
	parts := pieces(big)
	whole := d.announce(t, d.photog, big)
	for i := range 20 { // swapped and damaged parts
		number := 1 + i%2
		body := parts[2-number]
		if i >= 10 {
			body = damaged(parts[number-1], 3*i)
		}
		to := d.sign(t, d.photog, whole, number, parts[number-1])
		if status := send(t, to.URL, to.Headers, body); status < 400 {
			t.Errorf("the store took another part %d: %d", number, status)
		}
	}
	// A store that judged nothing would make no difference.
	for i := range 100 {
		name := photo(t, uint8(i+130))
		lied := d.announce(t, d.admin, name)
		if _, err := d.store.Put(t.Context(), "uploads/"+lied.PublicID(), "image/jpeg", damaged(name, i)); err != nil {
			t.Fatal(err)
		}
		d.complete(t, d.admin, lied)
		if got := d.take(t, lied); got.State != transfer.Rejected {
			t.Errorf("damaged upload %d is %s", i, got.State)
		}
	}
	if after := d.count(t, "SELECT count(*) FROM image"); after != before {
		t.Errorf("%d pictures of damaged uploads", after-before)
	}
}

// damaged is data with a bit flipped, a byte less or a byte more, somewhere else for each i.
func damaged(data []byte, i int) []byte {
	at := i * 7919 % len(data)
	switch i % 3 {
	case 0:
		other := bytes.Clone(data)
		other[at] ^= 1 << (i % 8)
		return other
	case 1:
		return append(bytes.Clone(data[:at]), data[at+1:]...)
	}
	return append(append(bytes.Clone(data[:at]), byte(i)), data[at:]...)
}
