package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// tokenPrefix marks our tokens for readers and for scanners of leaked secrets.
const tokenPrefix = "pgs_"

// tokenLen is the prefix and 256 bits in base64url.
const tokenLen = len(tokenPrefix) + 43

func newToken() (token string, hash []byte) {
	var random [32]byte
	// crypto/rand.Read never fails on supported systems: it aborts the program.
	_, _ = rand.Read(random[:])
	token = tokenPrefix + base64.RawURLEncoding.EncodeToString(random[:])
	return token, hashToken(token)
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Authenticate returns who holds a token, by one statement and without any cache:
// what changed a moment ago counts. Every credential that is not alive, or that came by another
// transport or to another studio than its own, is UNAUTHENTICATED. A device header that
// is not empty must name the session's device, or it is DEVICE_MISMATCH, with whose
// session it is and nothing that would sign anybody in; the third such request ends the
// session. Blocked and expired members do authenticate: [account.Viewer.Good] refuses them.
func (s *Service) Authenticate(ctx context.Context, token string, transport Transport, tenantID id.ID, deviceHeader string) (account.Viewer, error) {
	if len(token) != tokenLen || !strings.HasPrefix(token, tokenPrefix) {
		return account.Viewer{}, fault.SignedOut()
	}
	now := s.now()
	row, err := queries.New(s.db).SessionByToken(ctx, hashToken(token), now, now.Add(-idleLife))
	if errors.Is(err, pgx.ErrNoRows) {
		return account.Viewer{}, fault.SignedOut()
	}
	if err != nil {
		return account.Viewer{}, fault.Database("look up a session", err)
	}
	if row.TenantID != tenantID || row.Transport != string(transport) {
		return account.Viewer{}, fault.SignedOut()
	}
	if deviceHeader != "" && subtle.ConstantTimeCompare(hashDevice(deviceHeader), row.DeviceHash) != 1 {
		return account.Viewer{TenantID: row.TenantID, AccountID: row.AccountID}, s.mismatch(ctx, row, now)
	}
	s.seen.note(row.DeviceID, row.LastSeenAt, now)
	return account.Viewer{
		TenantID: row.TenantID, AccountID: row.AccountID, SessionID: row.ID, DeviceID: row.DeviceID, Email: row.Email,
		Role: account.Role(row.Role), BlockedAt: row.BlockedAt, ValidUntil: row.ValidUntil,
	}, nil
}

// maxMismatches is how many requests of a session may name another device in all its
// life: the last of them ends it, since somebody else seems to hold its token.
const maxMismatches = 3

// mismatch counts a request that named another device than the session's, and refuses it.
func (s *Service) mismatch(ctx context.Context, row queries.SessionByTokenRow, now time.Time) error {
	n, err := queries.New(s.db).CountMismatch(ctx, queries.CountMismatchParams{TenantID: row.TenantID, ID: row.ID, Most: maxMismatches, Now: now})
	switch {
	case errors.Is(err, pgx.ErrNoRows): // another one has just ended it
		return fault.SignedOut()
	case err != nil:
		return fault.Database("count a mismatch", err)
	}
	s.log.WarnContext(ctx, "device does not match the session", "account", row.AccountID, "device", row.DeviceID, "times", n, "ended", n >= maxMismatches)
	return fault.New(fault.DeviceMismatch, "This session belongs to another device.")
}

// ByID returns who holds a session of a studio that was proven before and is known
// by its id since, such as a running download's. One that is not alive any more is
// UNAUTHENTICATED. Blocked and expired members are returned: see Authenticate.
func (s *Service) ByID(ctx context.Context, tenantID, sessionID id.ID) (account.Viewer, error) {
	now := s.now()
	row, err := queries.New(s.db).SessionByID(ctx, queries.SessionByIDParams{TenantID: tenantID, ID: sessionID, Now: now, SeenSince: now.Add(-idleLife)})
	if errors.Is(err, pgx.ErrNoRows) {
		return account.Viewer{}, fault.SignedOut()
	}
	if err != nil {
		return account.Viewer{}, fault.Database("look up a session", err)
	}
	return account.Viewer{
		TenantID: row.TenantID, AccountID: row.AccountID, SessionID: row.ID, DeviceID: row.DeviceID, Email: row.Email,
		Role: account.Role(row.Role), BlockedAt: row.BlockedAt, ValidUntil: row.ValidUntil,
	}, nil
}

// End ends the viewer's session. The device stays known. It works for blocked
// and expired members too.
func (s *Service) End(ctx context.Context, v account.Viewer) error {
	if !v.SignedIn() {
		return fault.SignedOut()
	}
	return fault.Database("end a session", queries.New(s.db).RevokeSession(ctx, v.TenantID, v.SessionID, s.now()))
}
