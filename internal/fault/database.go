package fault

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"
)

// Database judges an error of the database: one that says that it can't be
// reached or can't work now is UNAVAILABLE, everything else is our own fault and
// INTERNAL. It returns nil for nil. What a missing row means only the caller
// knows: it asks for pgx.ErrNoRows first.
func Database(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case isAway(err):
		return Away("database, to "+doing, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func isAway(err error) bool {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		// https://www.postgresql.org/docs/current/errcodes-appendix.html: connection
		// exceptions, insufficient resources, operator intervention, I/O errors, and a
		// standby that can't write.
		for _, class := range []string{"08", "53", "57", "58", "25006"} {
			if strings.HasPrefix(refused.Code, class) {
				return true
			}
		}
		return false
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	// What is left came from a connection that broke in mid-sentence, or from
	// waiting for one in vain.
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, puddle.ErrClosedPool) ||
		errors.Is(err, pgx.ErrTxClosed) || pgconn.SafeToRetry(err) || pgconn.Timeout(err) ||
		strings.Contains(err.Error(), "unexpected EOF") || strings.Contains(err.Error(), "conn closed")
}
