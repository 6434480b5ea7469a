package audit

import (
	"context"
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// keepEvents is how long security events are kept. The audit log is kept for ever.
const keepEvents = 90 * 24 * time.Hour

// Purge removes security events that began over 90 days ago. Running it again does no
// harm.
func (s *Security) Purge(ctx context.Context) error {
	before := id.Earliest(s.now().Add(-keepEvents))
	for {
		removed, err := queries.New(s.o.DB).PurgeSecurityEvents(ctx, before)
		if err != nil {
			return fault.Database("purge security events", err)
		}
		if removed == 0 {
			return nil
		}
	}
}
