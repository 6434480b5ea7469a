package feed

import (
	"context"
	"maps"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/queries"
)

// doubt has streams looked at soon. The feed is locked.
func (f *Feed) doubt(some streams) {
	maps.Copy(f.doubted, some)
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// doubtAccount has the streams of an account looked at: something about its membership,
// its sessions or its devices has changed.
func (f *Feed) doubtAccount(accountID id.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.doubt(f.accounts[accountID])
}

// doubtJob has the streams of a job looked at.
func (f *Feed) doubtJob(jobID id.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.doubt(f.jobs[jobID])
}

// watch looks whether everybody may still watch what they do, until ctx ends: at once
// where the database tells of a change, when a session or a membership comes to its end,
// and every few seconds for whatever nobody told of.
func (f *Feed) watch(ctx context.Context) {
	timer := time.NewTimer(f.LookEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			f.look(ctx, f.all())
		case <-f.wake:
			f.look(ctx, f.suspects())
		}
		timer.Reset(f.untilLook())
	}
}

func (f *Feed) all() []*Stream {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.doubted)
	all := make([]*Stream, 0, len(f.open))
	for s := range f.open {
		all = append(all, s)
	}
	return all
}

func (f *Feed) suspects() []*Stream {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]*Stream, 0, len(f.doubted))
	for s := range f.doubted {
		all = append(all, s)
	}
	clear(f.doubted)
	return all
}

// untilLook is how long to wait for the next look: until the first of all sessions and
// memberships ends, and no longer than LookEvery.
func (f *Feed) untilLook() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	wait, now := f.LookEvery, f.Now()
	for s := range f.open {
		if !s.until.IsZero() {
			wait = min(wait, s.until.Sub(now))
		}
	}
	return max(wait, shortestWait)
}

// shortestWait is how soon a look that the database did not answer is tried again.
const shortestWait = 20 * time.Millisecond

// lookTimeout is for the one statement of a look.
const lookTimeout = 5 * time.Second

// look ends those streams whose watchers may not watch them any more. While the database
// can't say, they stay: nothing is read for them then, so there is nothing that they are told.
func (f *Feed) look(ctx context.Context, some []*Stream) {
	if len(some) == 0 {
		return
	}
	type pair struct{ session, job id.ID }
	sessions, jobs := make([]id.ID, 0, len(some)), make([]id.ID, 0, len(some))
	asked := make(map[pair]bool, len(some))
	for _, s := range some {
		if one := (pair{s.session, s.job}); !asked[one] {
			asked[one] = true
			sessions, jobs = append(sessions, s.session), append(jobs, s.job)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	now := f.Now()
	rows, err := queries.New(f.DB).Watchers(ctx, sessions, jobs, now)
	if err != nil {
		f.Log.WarnContext(ctx, "nobody knows whether those who watch still may", "streams", len(some), "error", err)
		return
	}
	found := make(map[pair]*queries.WatchersRow, len(rows))
	for i := range rows {
		found[pair{rows[i].SessionID, rows[i].JobID}] = &rows[i]
	}
	for _, s := range some {
		row := found[pair{s.session, s.job}]
		if err := s.mayWatch(row, now); err != nil {
			s.end(err)
			f.remove(s)
			continue
		}
		f.mu.Lock()
		s.until = endOf(row)
		f.mu.Unlock()
	}
}

// mayWatch is what a request of the watcher's would be refused with; nil: it would not.
func (s *Stream) mayWatch(row *queries.WatchersRow, now time.Time) error {
	if row == nil || row.TenantID != s.tenant {
		return fault.SignedOut()
	}
	v := account.Viewer{
		TenantID: row.TenantID, AccountID: row.AccountID, SessionID: row.SessionID, Role: account.Role(row.Role), BlockedAt: row.BlockedAt, ValidUntil: row.ValidUntil,
	}
	if err := v.Good(now); err != nil {
		return err
	}
	j := &job.Job{ID: row.JobID, TenantID: row.TenantID, CustomerID: row.CustomerID, PhotographerID: row.PhotographerID}
	if !job.Decide(v, j, job.None, now).See {
		return fault.Refused()
	}
	return nil
}

// endOf is when a session or the membership that it is of ends by itself.
func endOf(row *queries.WatchersRow) time.Time {
	if row.ValidUntil != nil && row.ValidUntil.Before(row.ExpiresAt) && !account.Role(row.Role).AtLeast(account.Admin) {
		return *row.ValidUntil
	}
	return row.ExpiresAt
}
