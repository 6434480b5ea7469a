package session

import (
	"context"
	"time"

	"pixgate/internal/fault"
	"pixgate/queries"
)

// purgeAge is how long codes and sessions are kept after their end.
const purgeAge = 7 * 24 * time.Hour

// Purge removes codes with their challenges and sessions that ended over seven
// days ago, and budgets whose window is over. Running it again does no harm.
func (s *Service) Purge(ctx context.Context) error {
	q, now := queries.New(s.db), s.now()
	if err := q.PurgeLogin(ctx, now.Add(-purgeAge)); err != nil {
		return fault.Database("purge codes", err)
	}
	if err := q.PurgeSessions(ctx, now.Add(-purgeAge)); err != nil {
		return fault.Database("purge sessions", err)
	}
	return fault.Database("purge budgets", q.PurgeBudgets(ctx, now))
}
