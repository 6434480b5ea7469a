package account

import (
	"context"
	"time"

	"pixgate/internal/fault"
	"pixgate/queries"
)

// How far back each count of activity goes.
const (
	activeNow  = 5 * time.Minute
	activeDay  = 24 * time.Hour
	activeWeek = 7 * 24 * time.Hour
	clockSkew  = time.Hour // that a server's clock may be ahead of another's
)

// Activity is how many people of a studio were seen lately: those neither blocked nor past
// their membership's end, by when their devices were last seen and by nothing else.
type Activity struct {
	Now, Today, Week Active // of 5 minutes, 24 hours, 7 days
}

// Active counts accounts: each once in All, and once by each kind of its devices.
type Active struct {
	All, Handheld, Desktop, Other int
}

// Activity counts who was seen lately in the viewer's studio. Admins only. It costs
// what there was of activity in a week, however many devices were seen before.
func (s *Accounts) Activity(ctx context.Context, v Viewer) (*Activity, error) {
	now := s.now()
	if err := v.Require(Admin, now); err != nil {
		return nil, err
	}
	row, err := queries.New(s.db).Activity(ctx, queries.ActivityParams{
		TenantID: v.TenantID, Moment: now.Add(-activeNow), Day: now.Add(-activeDay), Week: now.Add(-activeWeek), Horizon: now.Add(clockSkew), Now: now,
	})
	if err != nil {
		return nil, fault.Database("count activity", err)
	}
	return &Activity{
		Now:   Active{int(row.NowAll), int(row.NowHandheld), int(row.NowDesktop), int(row.NowOther)},
		Today: Active{int(row.DayAll), int(row.DayHandheld), int(row.DayDesktop), int(row.DayOther)},
		Week:  Active{int(row.WeekAll), int(row.WeekHandheld), int(row.WeekDesktop), int(row.WeekOther)},
	}, nil
}
