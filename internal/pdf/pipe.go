package pdf

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// maxMessage is how long a message of the browser's may be, in bytes: a page can make it talk.
const maxMessage = 16 << 20

// pipe speaks the browser's debugging protocol over two pipes. No other program can reach
// them, as one could a port.
type pipe struct {
	heard func(p *pipe, e event) // hears each event, in order; it may tell, and must not call

	writing sync.Mutex
	in      io.Writer

	mu      sync.Mutex
	last    int
	waiting map[int]chan message
	failed  error
	ended   chan struct{} // closed when nothing more will be heard
}

// event is something that happened in the browser.
type event struct {
	Session string
	Method  string
	Params  json.RawMessage
}

type message struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// newPipe starts to listen. It ends when out does.
func newPipe(in io.Writer, out io.Reader, heard func(*pipe, event)) *pipe {
	p := &pipe{heard: heard, in: in, waiting: map[int]chan message{}, ended: make(chan struct{})}
	go p.listen(out)
	return p
}

func (p *pipe) listen(out io.Reader) {
	messages := bufio.NewScanner(out)
	messages.Buffer(make([]byte, 64<<10), maxMessage)
	messages.Split(func(data []byte, _ bool) (int, []byte, error) {
		for i, b := range data {
			if b == 0 {
				return i + 1, data[:i], nil
			}
		}
		return 0, nil, nil
	})
	for messages.Scan() {
		var m message
		if err := json.Unmarshal(messages.Bytes(), &m); err != nil {
			p.fail(fmt.Errorf("%w: %w", errProtocol, err))
			return
		}
		if m.ID == 0 {
			p.heard(p, event{Session: m.SessionID, Method: m.Method, Params: m.Params})
			continue
		}
		p.mu.Lock()
		answer := p.waiting[m.ID]
		delete(p.waiting, m.ID)
		p.mu.Unlock()
		if answer != nil {
			answer <- m
		}
	}
	err := messages.Err()
	if err == nil {
		err = io.EOF
	}
	p.fail(fmt.Errorf("%w: %w", errProtocol, err))
}

func (p *pipe) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = err
	close(p.ended)
}

// refusal is what the browser answers to a call that it does not carry out.
type refusal struct{ message string }

func (r *refusal) Error() string { return "the browser refuses: " + r.message }

// call sends a command and waits for its result, which it puts into into unless that is nil.
func (p *pipe) call(ctx context.Context, session, method string, params, into any) error {
	answer := make(chan message, 1)
	id, err := p.send(session, method, params, answer)
	if err != nil {
		return err
	}
	select {
	case m := <-answer:
		if m.Error != nil {
			return fmt.Errorf("%s: %w", method, &refusal{m.Error.Message})
		}
		if into == nil {
			return nil
		}
		if err := json.Unmarshal(m.Result, into); err != nil {
			return fmt.Errorf("%w: %s: %w", errProtocol, method, err)
		}
		return nil
	case <-p.ended:
		return fmt.Errorf("%s: %w", method, p.failed)
	case <-ctx.Done():
		p.mu.Lock()
		delete(p.waiting, id)
		p.mu.Unlock()
		return fmt.Errorf("%s: %w", method, context.Cause(ctx))
	}
}

// tell sends a command and does not wait. One that can't be sent ends the pipe anyway.
func (p *pipe) tell(session, method string, params any) {
	_, _ = p.send(session, method, params, nil)
}

func (p *pipe) send(session, method string, params any, answer chan message) (id int, err error) {
	encoded, err := json.Marshal(params)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", method, err)
	}
	p.mu.Lock()
	p.last++
	id = p.last
	if answer != nil {
		p.waiting[id] = answer
	}
	p.mu.Unlock()
	text, err := json.Marshal(message{ID: id, SessionID: session, Method: method, Params: encoded})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", method, err)
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	if _, err := p.in.Write(append(text, 0)); err != nil {
		return 0, fmt.Errorf("%s: %w", method, errors.Join(errProtocol, err))
	}
	return id, nil
}
