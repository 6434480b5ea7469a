package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// challenge lets this asker try a code.
func (s *Service) challenge(
	ctx context.Context, q *queries.Queries, a ask, by asker, codeID id.ID, expires time.Time, retryAfter time.Duration,
) (Challenge, error) {
	public, hash := newChallenge()
	if err := q.InsertChallenge(ctx, queries.InsertChallengeParams{
		ID: id.New(a.now), TenantID: a.client.Tenant.ID, CodeID: codeID, SecretHash: hash, Asker: by.hash, KnownDevice: by.known, Now: a.now,
	}); err != nil {
		return Challenge{}, fault.Database("make a challenge", err)
	}
	return Challenge{ID: public, ExpiresAt: expires, RetryAfter: retryAfter}, nil
}

// asker is who asks for an address: one of its account's devices, or a network.
type asker struct {
	known bool
	hash  []byte
}

// askerOf names the asker in what is kept. A device is named by what is kept of its
// secret, which nobody can guess, so that a change of ours does not make another one
// of it. A network has a keyed hash, and is a stranger once more after such a change:
// within a minute of its last challenge it gets another one for the same code. The
// budgets go on, so that this is no further try.
func (s *Service) askerOf(a ask, address, knownDevice []byte) asker {
	if knownDevice != nil {
		hash := sha256.Sum256(slices.Concat([]byte("pixgate asking device\x00"), knownDevice, address))
		return asker{known: true, hash: hash[:]}
	}
	hash := s.codes.Current().MAC("asking network", address, network(a.client.IP))
	return asker{hash: hash[:]}
}

// newChallenge returns a fresh challenge id and what is kept of it.
func newChallenge() (public string, hash []byte) {
	var random [16]byte
	// crypto/rand.Read never fails on supported systems: it aborts the program.
	_, _ = rand.Read(random[:])
	public = base64.RawURLEncoding.EncodeToString(random[:])
	return public, hashChallenge(public)
}

func hashChallenge(public string) []byte {
	sum := sha256.Sum256([]byte("pixgate challenge\x00" + public))
	return sum[:]
}
