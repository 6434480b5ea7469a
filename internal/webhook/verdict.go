package webhook

import (
	"context"
	"errors"
	"net"
	"time"

	"pixgate/internal/egress"
	"pixgate/internal/id"
	"pixgate/internal/webhook/standard"
)

// State is how a delivery stands.
type State string

// The states.
const (
	Pending   State = "PENDING"
	Delivered State = "DELIVERED"
	Dead      State = "DEAD" // it is not tried any more
)

// The troubles of deliveries. They are words of ours: what the other side says is not kept. One more is
// "disabled", which queries/webhook.sql writes: the webhook was switched off before.
const (
	badStatus   = "status"      // another status than 2xx
	redirected  = "redirect"    // it leads elsewhere: what is signed goes to nobody else
	timedOut    = "timeout"     // no answer within ten seconds
	unreachable = "unreachable" // no connection, no such name, no certificate that holds
	private     = "private"     // it is not on the open internet
)

const (
	statusGone        = 410
	statusTooMany     = 429
	statusUnavailable = 503
	mostRetryAfter    = 24 * time.Hour
	failsFor          = 3 * 24 * time.Hour // without anything that went well, then a webhook is switched off
)

// pauses are how long it takes to the next attempt after each that failed; the one after the last
// pause is the last.
var pauses = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// verdict is how an attempt went.
type verdict struct {
	state   State
	status  int // 0: no answer came
	trouble string
	wait    time.Duration // of a Pending one
	gone    bool          // the receiver wants nothing any more
}

// judge says what becomes of a delivery after an attempt, the first of which is attempt 1.
// unlucky, from 0 up to 1, spreads those that failed together.
func judge(answer standard.Answer, err error, attempt int, unlucky float64) verdict {
	v := verdict{state: Pending, status: answer.Status}
	switch status := answer.Status; {
	case err != nil:
		v.status, v.trouble = 0, troubleOf(err)
	case status < 100: // no status of HTTP's, which Go lets through
		v.status, v.trouble = 0, unreachable
	case status >= 200 && status < 300:
		v.state = Delivered
		return v
	case status >= 300 && status < 400:
		v.trouble = redirected
	default:
		v.trouble = badStatus
	}
	v.gone = err == nil && answer.Status == statusGone
	if v.gone || v.trouble == private || attempt > len(pauses) {
		v.state = Dead
		return v
	}
	pause := pauses[attempt-1]
	v.wait = pause + time.Duration(unlucky*float64(pause)/5)
	if answer.Status == statusTooMany || answer.Status == statusUnavailable {
		v.wait = max(v.wait, min(answer.RetryAfter, mostRetryAfter))
	}
	return v
}

func troubleOf(err error) string {
	switch why := egress.WhyBlocked(err); {
	case why == egress.Redirected:
		return redirected
	case why != "":
		return private
	}
	if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return timedOut
	}
	return unreachable
}

// luck is a number of a delivery's own, from 0 up to 1, another for each attempt: the last bytes of
// an id are random.
func luck(deliveryID id.ID, attempt int) float64 {
	return float64(deliveryID[len(deliveryID)-1-attempt%4]) / 256
}
