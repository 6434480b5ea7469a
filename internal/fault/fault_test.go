package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/fault"
)

func TestWhatNobodyJudgedIsInternalAndSaysNothing(t *testing.T) {
	t.Parallel()
	cause := errors.New("password=hunter2")
	for _, err := range []error{cause, fmt.Errorf("do: %w", cause), fault.Database("read", cause)} {
		if got := fault.As(err); got.Code != fault.Internal || strings.Contains(got.Message, "hunter2") || !errors.Is(got, cause) {
			t.Errorf("As(%v) = %s %q", err, got.Code, got.Message)
		}
	}
	judged := fmt.Errorf("do: %w", fault.Refused())
	if got := fault.As(judged); got.Code != fault.Forbidden || !fault.Is(judged, fault.Forbidden) || fault.Is(cause, fault.Internal) {
		t.Errorf("As(%v) = %v", judged, got)
	}
}

func TestDatabaseTellsAwayFromWrong(t *testing.T) {
	t.Parallel()
	if fault.Database("read", nil) != nil {
		t.Error("nothing went wrong, and was an error")
	}
	away := []error{
		context.DeadlineExceeded, context.Canceled, unreachable(t), errors.New("unexpected EOF"), errors.New("conn closed"),
	}
	for _, code := range []string{"08006", "53300", "57P01", "57P03", "57014", "58030", "25006"} {
		away = append(away, &pgconn.PgError{Code: code})
	}
	for _, err := range away {
		got := fault.As(fault.Database("read", fmt.Errorf("wrapped: %w", err)))
		if got.Code != fault.Unavailable || got.RetryAfter <= 0 {
			t.Errorf("%v: %s, retry after %v", err, got.Code, got.RetryAfter)
		}
	}
	for _, err := range []error{&pgconn.PgError{Code: "23505"}, &pgconn.PgError{Code: "42501"}, &pgconn.PgError{Code: "40P01"}, pgx.ErrNoRows} {
		if got := fault.As(fault.Database("read", err)); got.Code != fault.Internal {
			t.Errorf("%v: %s", err, got.Code)
		}
	}
	if got := fault.As(fault.Database("read", fault.Refused())); got.Code != fault.Forbidden {
		t.Errorf("a judged failure became %s", got.Code)
	}
}

// unreachable is the error of a pool whose database can't be reached.
func unreachable(t *testing.T) error {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), "postgres://nobody@127.0.0.1:1/nothing?connect_timeout=2")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	err = pool.Ping(t.Context())
	if err == nil {
		t.Fatal("a database answers on port 1")
	}
	return err
}

func TestText(t *testing.T) {
	t.Parallel()
	for text, code := range map[string]fault.FieldCode{
		"Haus am See": "", "ÄÖÜ 🏠": "", "": fault.Required, "a": fault.InvalidValue, strings.Repeat("ä", 20): "", strings.Repeat("ä", 21): fault.InvalidValue,
		"a\nb": fault.InvalidValue, "a\x00b": fault.InvalidValue, "a\u0085b": fault.InvalidValue, "a\x7fb": fault.InvalidValue, "a\xffb": fault.InvalidValue,
	} {
		wrong := fault.Text("input.title", text, 2, 20)
		if code == "" && wrong != nil || code != "" && (len(wrong) != 1 || wrong[0].Code != code || wrong[0].Path != "input.title" || wrong[0].Message == "") {
			t.Errorf("Text(%q) = %v, want %q", text, wrong, code)
		}
	}
}

func TestTooManySaysWhen(t *testing.T) {
	t.Parallel()
	if got := fault.TooMany("Wait.", time.Minute); got.Code != fault.RateLimited || got.RetryAfter != time.Minute {
		t.Errorf("%+v", got)
	}
}
