// Package standard is standard-webhooks (https://www.standardwebhooks.com, version 1.0.0)
// as a sender: how a message is signed, and what is sent with it. When to try again, and
// what to make of an answer, is its callers' business.
package standard

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Message is what a receiver gets.
type Message struct {
	ID   string    // of the event, the same for each attempt: 1 to 128 of A-Z, a-z, 0-9, "_" and "-"
	At   time.Time // of this attempt: receivers refuse what is minutes old
	Body []byte    // JSON, sent as it was signed
}

const maxID = 128

// check refuses an id that could shift bytes between the parts of what is signed, or
// end its header.
func (m Message) check() error {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	if m.ID == "" || len(m.ID) > maxID || strings.Trim(m.ID, letters) != "" {
		return errors.New("standard: no message has such an id")
	}
	return nil
}

// timestamp is the second of the attempt, as its header tells it.
func (m Message) timestamp() string { return strconv.FormatInt(m.At.Unix(), 10) }

// Sign returns the header webhook-signature, "v1,… v1,…": a signature by each secret, so
// that a receiver may hold any of them. It is empty, which no receiver takes, where no
// secret is one or where [Poster.Post] refuses the message's id.
func Sign(m Message, secrets ...Secret) string {
	if m.check() != nil {
		return ""
	}
	content := append([]byte(m.ID+"."+m.timestamp()+"."), m.Body...)
	var all []string
	for _, one := range secrets {
		if one.key != nil {
			all = append(all, one.sign(content))
		}
	}
	return strings.Join(all, " ")
}
