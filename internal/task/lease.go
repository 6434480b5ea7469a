package task

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

const (
	// claimTimeout is how long the database may take to say whose a chore is. Longer than
	// that it takes where a server stands still in the middle of [Lease.InTx].
	claimTimeout = 10 * time.Second
	// finishTimeout is how long a run may take to write down how it ended.
	finishTimeout = 5 * time.Second
)

// claim is what became of the wish to do a chore: with a lease the run is new and the
// caller's to do, without one it is another's.
type claim struct {
	run   *Run
	lease *Lease
}

// errBetween says that the one who held a lease let go of it while we looked.
var errBetween = errors.New("the lease came free in between")

// claim begins a run of a chore, or finds the one that stands in its way.
func (m *Maintenance) claim(ctx context.Context, name string, origin Origin, key string) (claim, error) {
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	for {
		found, err := m.look(ctx, name, key)
		if err == nil && found.run == nil {
			err = pgx.BeginFunc(ctx, m.o.DB, func(tx pgx.Tx) (err error) {
				found, err = m.take(ctx, tx, name, origin, key)
				return err
			})
		}
		switch {
		case errors.Is(err, errBetween):
			continue
		case errors.Is(err, ErrKeyTaken):
			return claim{}, ErrKeyTaken
		}
		return found, fault.Database("claim a task", err)
	}
}

// look reads who has the chore, without waiting for anybody: of many who ask while it is
// done, none stands in line.
func (m *Maintenance) look(ctx context.Context, name, key string) (claim, error) {
	q := queries.New(m.o.DB)
	if key != "" { // what the key says comes first, and only who holds it alone may read it
		return claim{}, nil
	}
	live, err := q.LiveCronRun(ctx, name)
	if errors.Is(err, pgx.ErrNoRows) {
		return claim{}, nil
	}
	return claim{run: runFrom(&live)}, err
}

// take takes the lease and writes down that a run begins, in one transaction.
func (m *Maintenance) take(ctx context.Context, tx pgx.Tx, name string, origin Origin, key string) (claim, error) {
	q, now := queries.New(tx), m.o.Now().UTC().Truncate(time.Microsecond)
	var keyHash []byte
	if key != "" {
		sum := sha256.Sum256([]byte("pixgate cron key\x00" + key))
		keyHash = sum[:]
		if err := q.LockCronKey(ctx, int64(binary.BigEndian.Uint64(keyHash))); err != nil {
			return claim{}, err
		}
		used, err := q.CronRunOfKey(ctx, keyHash, now.Add(-m.o.KeyTTL))
		switch {
		case errors.Is(err, pgx.ErrNoRows):
		case err != nil:
			return claim{}, err
		case used.Task != name:
			return claim{}, ErrKeyTaken
		case State(used.State) == Running || State(used.State) == Done:
			return claim{run: runFrom(&used)}, nil
		}
		live, err := q.LiveCronRun(ctx, name)
		if !errors.Is(err, pgx.ErrNoRows) {
			return claim{run: runFrom(&live)}, err
		}
	}
	if err := q.MakeCronLease(ctx, name); err != nil {
		return claim{}, err
	}
	if _, err := q.LockFreeCronLease(ctx, name); errors.Is(err, pgx.ErrNoRows) {
		live, err := q.LiveCronRun(ctx, name)
		if errors.Is(err, pgx.ErrNoRows) {
			return claim{}, errBetween
		}
		return claim{run: runFrom(&live)}, err
	} else if err != nil {
		return claim{}, err
	}
	token, err := q.TakeCronLease(ctx, m.o.LeaseTTL.Seconds(), name)
	if err != nil {
		return claim{}, err
	}
	if err := q.LoseCronRuns(ctx, now, name); err != nil {
		return claim{}, err
	}
	run := &Run{ID: id.New(now), Task: name, Origin: origin, State: Running, StartedAt: now}
	err = q.StartCronRun(ctx, queries.StartCronRunParams{ID: run.ID, Task: name, Token: token, Origin: string(origin), KeyHash: keyHash, Now: now})
	return claim{run: run, lease: &Lease{db: m.o.DB, task: name, token: token}}, err
}

// beat keeps the lease until ctx ends. Where it is another's, or where nobody could be
// asked for as long as it lasts, the work is told to end.
func (m *Maintenance) beat(ctx context.Context, lease *Lease, lose context.CancelCauseFunc) {
	pause := m.o.LeaseTTL / 3
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for heard := time.Now(); ; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		limited, cancel := context.WithTimeout(ctx, pause)
		held, err := queries.New(m.o.DB).RenewCronLease(limited, m.o.LeaseTTL.Seconds(), lease.task, lease.token)
		cancel()
		switch {
		case err == nil && held == 1:
			heard = time.Now()
		case err == nil, time.Since(heard) > m.o.LeaseTTL:
			lose(errLost)
			return
		}
	}
}

// finish writes down how a run ended, and lets go of its lease. A run whose lease is
// another's was lost, also where its work thinks otherwise; so is one whose end can't
// be written down.
func (m *Maintenance) finish(ctx context.Context, lease *Lease, run *Run, failed error) {
	ctx, cancel := context.WithTimeout(ctx, finishTimeout)
	defer cancel()
	now := m.o.Now().UTC().Truncate(time.Microsecond)
	if now.Before(run.StartedAt) { // the clock was set back
		now = run.StartedAt
	}
	run.State, run.Summary, run.FinishedAt = Done, lease.told(), &now
	if failed != nil {
		run.State, run.ErrorCode = Failed, codeOf(failed)
	}
	if errors.Is(failed, errLost) {
		run.State = Lost
		return // the successor has written that down
	}
	err := lease.InTx(ctx, func(tx pgx.Tx) error {
		q := queries.New(tx)
		var code *string
		if run.ErrorCode != "" {
			code = &run.ErrorCode
		}
		if err := q.FinishCronRun(ctx, queries.FinishCronRunParams{
			State: string(run.State), Summary: run.Summary, ErrorCode: code, Now: now, ID: run.ID,
		}); err != nil {
			return err
		}
		_, err := q.ReleaseCronLease(ctx, lease.task, lease.token)
		return err
	})
	if err != nil {
		run.State, run.ErrorCode = Lost, codeOf(errors.Join(errLost, err))
	}
}
