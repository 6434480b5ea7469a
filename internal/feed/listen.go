package feed

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	quiet       = 10 * time.Second // without a word before the connection is tried
	echoTimeout = 5 * time.Second  // for our own word to come back
	firstWait   = 50 * time.Millisecond
	longestWait = 5 * time.Second
)

// listen hears the database until ctx ends. When the connection is lost it makes another,
// at once and then more and more slowly.
func (f *Feed) listen(ctx context.Context) {
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		heard, err := f.hear(ctx)
		if ctx.Err() != nil {
			return
		}
		f.Log.WarnContext(ctx, "events are not heard", "error", err)
		if heard {
			wait = firstWait
		}
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return
		}
	}
}

// hear listens on a connection of its own until that is lost.
func (f *Feed) hear(ctx context.Context) (heard bool, err error) {
	options := f.DB.Config().ConnConfig
	options.RuntimeParams["application_name"] += " feed"
	conn, err := pgx.ConnectConfig(ctx, options)
	if err != nil {
		return false, fmt.Errorf("connect to listen: %w", err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing) // it is lost, or not needed any more
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+jobChannel+"; LISTEN "+accountChannel+"; LISTEN "+echoChannel); err != nil {
		return false, fmt.Errorf("listen: %w", err)
	}
	if err := f.echo(ctx, conn); err != nil {
		return false, err
	}
	f.begun()
	defer f.lost()
	for {
		if err := f.hearOne(ctx, conn, quiet, ""); errors.Is(err, errQuiet) {
			if err := f.echo(ctx, conn); err != nil {
				return true, err
			}
		} else if err != nil {
			return true, err
		}
	}
}

// echo says a word by another connection and waits until it is heard on this one. A
// connection that died without a word is found out by it, and so is a pooler between us
// and PostgreSQL that gives each transaction another session.
func (f *Feed) echo(ctx context.Context, conn *pgx.Conn) error {
	word := rand.Text()
	saying, cancel := context.WithTimeout(ctx, echoTimeout)
	defer cancel()
	if _, err := f.DB.Exec(saying, "SELECT pg_notify($1, $2)", echoChannel, word); err != nil {
		return fmt.Errorf("notify ourselves: %w", err)
	}
	for deadline := time.Now().Add(echoTimeout); ; {
		err := f.hearOne(ctx, conn, time.Until(deadline), word)
		switch {
		case errors.Is(err, errEcho):
			return nil
		case errors.Is(err, errQuiet):
			return errors.New("what we tell ourselves is not heard: LISTEN needs a session of its own, not a pooler of transactions")
		case err != nil:
			return err
		}
	}
}

var (
	errQuiet = errors.New("nothing was heard")
	errEcho  = errors.New("our own word was heard")
)

// hearOne waits so long for a notification and passes it on; errEcho for our own word, if there is one that we wait for.
func (f *Feed) hearOne(ctx context.Context, conn *pgx.Conn, most time.Duration, word string) error {
	waiting, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	heard, err := conn.WaitForNotification(waiting)
	switch {
	case err == nil && word != "" && heard.Channel == echoChannel && heard.Payload == word:
		return errEcho
	case err == nil:
		f.pass(heard)
		return nil
	case waiting.Err() != nil && ctx.Err() == nil && !conn.IsClosed():
		return errQuiet
	}
	return fmt.Errorf("wait for events: %w", err)
}

func (f *Feed) pass(heard *pgconn.Notification) {
	switch heard.Channel {
	case jobChannel:
		if jobID, event, ok := parseJob(heard.Payload); ok {
			event.At = f.Now()
			f.tell(jobID, event)
			if event.Kind == JobChanged { // it may be another's now
				f.doubtJob(jobID)
			}
			return
		}
	case accountChannel:
		if accountID, ok := parseID(heard.Payload); ok {
			f.doubtAccount(accountID)
			return
		}
	case echoChannel: // another process's
		return
	}
	f.Log.Warn("somebody notifies of what is no event", "channel", heard.Channel)
}

// begun says that from now on everything is heard. Nobody knows what was not before.
func (f *Feed) begun() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.up)
	for s := range f.open {
		s.add(Event{Kind: Resync, At: f.Now()})
	}
	f.doubt(f.open)
	f.Log.Info("events are heard")
}

func (f *Feed) lost() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.up = make(chan struct{})
}
