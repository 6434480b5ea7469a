package edge

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"pixgate/internal/edge/exchange"
	"pixgate/internal/edge/header"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/secret"
	"pixgate/internal/task"
)

// Maintenance does the chores of the installation, one runner of each at a time.
type Maintenance interface {
	Names() []string
	Knows(name string) bool
	Within(name string) time.Duration
	Last(ctx context.Context) (map[string]*task.Run, error)
	Do(ctx context.Context, name, key string) (task.Answer, error)
}

const (
	cronPath  = "/cron/{task}"
	cronIndex = "/cron/{$}"

	// cronAnswerTime is how long an answer takes at most, beside the run that it is about.
	cronAnswerTime = 20 * time.Second
)

// cron is maintenance from outside: a surface of its own, for programs that know
// CRON_SECRET. It stands before everything that is about a studio or a session, and uses
// neither.
func (e *edge) cron(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchange.Of(r)
		if x.Template != cronPath && x.Template != cronIndex {
			next.ServeHTTP(w, r)
			return
		}
		if err := x.Counted(); err != nil {
			exchange.Refuse(w, r, err)
			return
		}
		if err := e.isCron(r); err != nil {
			exchange.Refuse(w, r, err)
			return
		}
		if x.Template == cronIndex && r.URL.Path != "/cron/" { // the routes would send the caller there
			exchange.Unrouted(w, r, http.StatusNotFound)
			return
		}
		e.routes.ServeHTTP(w, r)
	})
}

// isCron asks for the secret. A wrong one costs what a failed sign-in costs; one that is
// right is never refused for wrong ones from its address. (PUBLIC_API has counted both.)
func (e *edge) isCron(r *http.Request) error {
	if len(e.CronSecrets) == 0 {
		return fault.New(fault.Unavailable, "Maintenance can't be started from outside: CRON_SECRET is not set.")
	}
	sent, ok := header.Bearer(r)
	right := 0
	for _, one := range e.CronSecrets { // all of them, whatever comes of the first
		right |= subtle.ConstantTimeCompare(cronDigest(sent), cronDigest(one.Reveal()))
	}
	if ok && right == 1 {
		return nil
	}
	if err := e.Limits.Pass(r.Context(), gate.AuthIP, gate.KeyOfIP(exchange.Of(r).Client)); err != nil {
		return err
	}
	return fault.New(fault.Unauthenticated, "Send the header Authorization: Bearer, with CRON_SECRET.")
}

// cronRun is a run as it is told.
type cronRun struct {
	Task       string     `json:"task"`
	Run        string     `json:"run"`
	Origin     string     `json:"origin"`
	State      string     `json:"state"`
	Duplicate  bool       `json:"duplicate"` // this request started nothing
	StartedAt  time.Time  `json:"startedAt"`
	FinishedAt *time.Time `json:"finishedAt"`
	Summary    string     `json:"summary,omitempty"`
	ErrorCode  string     `json:"errorCode,omitempty"`
}

func cronRunOf(run *task.Run, duplicate bool) *cronRun {
	return &cronRun{
		Task: run.Task, Run: run.PublicID(), Origin: string(run.Origin), State: string(run.State), Duplicate: duplicate,
		StartedAt: run.StartedAt, FinishedAt: run.FinishedAt, Summary: run.Summary, ErrorCode: run.ErrorCode,
	}
}

// failedRun is a problem that a run ended with.
type failedRun struct {
	exchange.Problem
	Run *cronRun `json:"run"`
}

// listCron lists the tasks, and how each went last.
func (e *edge) listCron(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), lookupTimeout)
	defer cancel()
	last, err := e.Maintenance.Last(ctx)
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	type listed struct {
		Name string   `json:"name"`
		Last *cronRun `json:"last"`
	}
	tasks := []listed{}
	for _, name := range e.Maintenance.Names() {
		one := listed{Name: name}
		if run := last[name]; run != nil {
			one.Last = cronRunOf(run, false)
		}
		tasks = append(tasks, one)
	}
	exchange.Send(w, http.StatusOK, "application/json", struct {
		Tasks []listed `json:"tasks"`
	}{tasks})
}

// runCron runs a task and answers with how it went. HEAD runs nothing: whoever watches
// an address asks by it, and learns whether the secret is right and the task there.
func (e *edge) runCron(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("task")
	if !e.Maintenance.Knows(name) {
		exchange.Unrouted(w, r, http.StatusNotFound)
		return
	}
	key, err := idempotencyKey(r.Header, r.URL.RawQuery)
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return
	}
	limit := time.Now().Add(e.Maintenance.Within(name) + cronAnswerTime)
	if err := http.NewResponseController(w).SetWriteDeadline(limit); err != nil && !errors.Is(err, http.ErrNotSupported) {
		exchange.Refuse(w, r, err)
		return
	}
	answer, err := e.Maintenance.Do(r.Context(), name, key)
	switch {
	case errors.Is(err, task.ErrKeyTaken):
		exchange.RefuseAs(w, r, http.StatusUnprocessableEntity, invalidKey("It was used for another task: make another key."))
	case err != nil:
		exchange.Refuse(w, r, err)
	case answer.Duplicate || answer.Run.State == task.Running: // or the asker has gone
		exchange.Send(w, http.StatusAccepted, "application/json", cronRunOf(answer.Run, answer.Duplicate))
	case answer.Run.State == task.Done:
		exchange.Send(w, http.StatusOK, "application/json", cronRunOf(answer.Run, false))
	default:
		e.tellFailure(w, r, answer.Run)
	}
}

// tellFailure answers for a run that did not do its work: 500 where the program is to
// blame, else 503, since the same request may go well later.
func (e *edge) tellFailure(w http.ResponseWriter, r *http.Request, run *task.Run) {
	status, judged := http.StatusServiceUnavailable, fault.New(fault.Unavailable, "The task was not done; it can be started again, also with the same key.")
	if run.ErrorCode == string(fault.Internal) {
		status, judged = http.StatusInternalServerError, fault.New(fault.Internal, "The task failed; the log tells why.")
	}
	t := exchange.Announce(w, r, status, judged)
	exchange.Send(w, status, "application/problem+json", failedRun{exchange.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: judged.Message, Told: t,
	}, cronRunOf(run, false)})
}

const (
	keyHeader    = "X-Idempotency-Key"
	keyParameter = "idempotencyKey"
	maxKey       = 128 // characters
)

// idempotencyKey reads the key of a request, empty where it has none. One that is given,
// but says nothing clear, is refused: whoever sent it relies on it.
func idempotencyKey(header http.Header, query string) (string, error) {
	parameters, err := url.ParseQuery(query)
	if err != nil {
		return "", invalidKey("The query can't be read.")
	}
	given := slices.Concat(header.Values(keyHeader), parameters[keyParameter])
	if len(given) == 0 {
		return "", nil
	}
	for _, other := range given[1:] {
		if other != given[0] {
			return "", invalidKey("It is given twice, and not the same.")
		}
	}
	if !isKey(given[0]) {
		return "", invalidKey("Send 1 to 128 letters, digits and -._~:+/=@ of ASCII.")
	}
	return given[0], nil
}

func isKey(text string) bool {
	if text == "" || len(text) > maxKey {
		return false
	}
	for _, c := range []byte(text) {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case slices.Contains([]byte("-._~:+/=@"), c):
		default:
			return false
		}
	}
	return true
}

func invalidKey(message string) *fault.Error {
	return fault.Invalid(fault.Field{Path: keyParameter, Code: fault.InvalidValue, Message: message})
}

// cronDigest makes secrets of any length comparable without telling theirs.
func cronDigest(text string) []byte {
	sum := secret.NewKey("cron").MAC("compare", []byte(text))
	return sum[:]
}
