package notice_test

import (
	"testing"
	"time"

	"pixgate/internal/mail"
	"pixgate/queries"
)

// What counting costs each of ten mails at a time: in memory as it is done, and, to
// compare, by the row of the day, at which they wait for each other.
func BenchmarkCountingAMail(b *testing.B) {
	s := newStudio(b)
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	r, _ := s.dated(&at)
	sender := r.Count(scripted{})
	for _, c := range []struct {
		name string
		call func() error
	}{
		{"memory", func() error { return sender.Send(b.Context(), mail.Message{}) }},
		{"a row", func() error {
			return queries.New(s.db.Pool).CountMail(b.Context(), queries.CountMailParams{Day: at, Sent: 1})
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetParallelism(5) // of two cores
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := c.call(); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
