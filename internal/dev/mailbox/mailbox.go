// Package mailbox is a mail service that delivers nothing: an Amazon SES v2
// endpoint that keeps what it is given and shows it on a page.
//
// It belongs to internal/dev and must never be imported by the server's
// binary: it shows login codes to whoever looks.
package mailbox

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"pixgate/internal/dev/process"
)

// Options say where mails are kept.
type Options struct {
	// Dir, where set, keeps mails as files, and the port, for the next start.
	// It is made, 0700, where missing. Empty: in memory only.
	Dir string
}

// Message is one mail as SES was given it.
type Message struct {
	ID      string
	At      time.Time
	From    string   // as sent, with a display name where it has one
	To      []string // likewise; copies and blind copies included
	ReplyTo []string
	Subject string
	Text    string
	HTML    string
	Headers map[string]string // those that the sender added
}

// Server is a running mailbox.
type Server struct {
	dir     string
	address string
	key     string
	secret  string
	http    *http.Server
	faults  faults

	mu       sync.Mutex
	standing Standing
	messages []Message
	arrived  chan struct{} // closed and replaced at each arrival
}

// Start opens a mailbox on loopback.
func Start(_ context.Context, o Options) (*Server, error) {
	s := &Server{key: rand.Text(), secret: rand.Text(), standing: goodStanding, arrived: make(chan struct{})}
	port := 0
	if o.Dir != "" {
		s.dir = filepath.Join(o.Dir, "mails")
		if err := os.MkdirAll(s.dir, 0o700); err != nil {
			return nil, fmt.Errorf("mailbox folder: %w", err)
		}
		var err error
		if port, err = process.Port(o.Dir); err != nil {
			return nil, fmt.Errorf("mailbox: %w", err)
		}
		if s.messages, err = load(s.dir); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	s.address = listener.Addr().String()
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.http.Serve(listener) }() // ends by Stop, and only so
	return s, nil
}

// Stop closes the mailbox, at once.
func (s *Server) Stop() {
	_ = s.http.Close() // nothing is left to lose
}

// Endpoint is the base URL of SES, and of the page.
func (s *Server) Endpoint() string { return "http://" + s.address }

// Region is the region that signatures must name.
func (s *Server) Region() string { return "eu-central-1" }

// AccessKeyID is the name of the key that may send.
func (s *Server) AccessKeyID() string { return s.key }

// SecretAccessKey is the key that may send.
func (s *Server) SecretAccessKey() string { return s.secret }

// Messages are all mails, oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Wait returns the n-th mail to an address, counted from 1, as soon as it is
// there. Letter case and display names do not count.
func (s *Server) Wait(ctx context.Context, to string, n int) (Message, error) {
	for {
		s.mu.Lock()
		found, count := nth(s.messages, to, n)
		arrived := s.arrived
		s.mu.Unlock()
		if found != nil {
			return *found, nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("%d of %d mails to %s came: %w", count, n, to, ctx.Err())
		}
	}
}

func nth(messages []Message, to string, n int) (found *Message, count int) {
	for i, m := range messages {
		if !slices.ContainsFunc(m.To, func(a string) bool { return same(a, to) }) {
			continue
		}
		if count++; count == n {
			return &messages[i], count
		}
	}
	return nil, count
}

func same(a, b string) bool { return strings.EqualFold(bare(a), bare(b)) }

func bare(address string) string {
	if parsed, err := mail.ParseAddress(address); err == nil {
		return parsed.Address
	}
	return address
}

// keep stores a mail and wakes who waits for it.
func (s *Server) keep(m Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir != "" {
		if err := save(s.dir, m); err != nil {
			return err
		}
	}
	s.messages = append(s.messages, m)
	close(s.arrived)
	s.arrived = make(chan struct{})
	return nil
}
