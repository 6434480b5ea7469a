package bench

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Measure is what a load found out.
type Measure struct {
	Requests int
	CPU      time.Duration // of the server, a request
	P50, P99 time.Duration // until the last byte
}

// Load sends n requests over a few connections and measures the process that
// answers them. Every answer must be a 200 of want bytes.
func Load(p *Process, n, connections, want int, make func() (*http.Request, error)) (Measure, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}}
	defer client.CloseIdleConnections()
	before, err := p.CPU()
	if err != nil {
		return Measure{}, err
	}
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		took  []time.Duration
		first error
	)
	for range connections {
		all.Go(func() {
			mine, err := sequence(client, n/connections, want, make)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			if first == nil {
				first = err
			}
		})
	}
	all.Wait()
	after, err := p.CPU()
	if err == nil {
		err = first
	}
	if err != nil {
		return Measure{}, err
	}
	slices.Sort(took)
	return Measure{
		Requests: len(took), CPU: (after - before) / time.Duration(len(took)),
		P50: took[len(took)/2], P99: took[len(took)*99/100],
	}, nil
}

// Mean is the mean of several loads of one process.
func Mean(all []Measure) Measure {
	var mean Measure
	for _, m := range all {
		mean.Requests += m.Requests
		mean.CPU += m.CPU
		mean.P50 += m.P50
		mean.P99 += m.P99
	}
	n := time.Duration(len(all))
	mean.CPU, mean.P50, mean.P99 = mean.CPU/n, mean.P50/n, mean.P99/n
	return mean
}

func sequence(client *http.Client, n, want int, make func() (*http.Request, error)) ([]time.Duration, error) {
	var took []time.Duration
	for range n {
		r, err := make()
		if err != nil {
			return nil, err
		}
		began := time.Now()
		answer, err := client.Do(r)
		if err != nil {
			return nil, fmt.Errorf("ask: %w", err)
		}
		size, err := io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("read an answer: %w", err)
		}
		if answer.StatusCode != http.StatusOK || int(size) != want {
			return nil, fmt.Errorf("status %d with %d bytes, want 200 with %d", answer.StatusCode, size, want)
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// answers waits until something answers at url.
func answers(url string, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		answer, err := http.Get(url)
		if err == nil {
			answer.Body.Close()
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("nothing answers at %s: %w", url, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// FreeAddr is an address on loopback that nothing listens on.
func FreeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}
