package job

import (
	"context"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
)

// SetStatus says how far a job is. Any status may follow any other: a job that was
// handed over too early is opened again. Of one that becomes DELIVERED its customer is
// told. Admins only; leaves an audit entry.
func (s *Jobs) SetStatus(ctx context.Context, v account.Viewer, jobID string, status Status, reason string) (*Job, error) {
	done, err := s.setPackage(ctx, v, jobID, reason, fault.Text("input.reason", reason, 0, MaxReason), func(a *act, j *Job) error {
		if j.Status == status {
			return nil
		}
		a.entry(audit.JobStatusSet, j, nil, statusValue{j.Status}, statusValue{status})
		if err := a.q.SetJobStatus(ctx, j.TenantID, j.ID, string(status)); err != nil {
			return fault.Database("set a job's status", err)
		}
		if status == Delivered {
			for _, herald := range s.heralds {
				if err := herald.JobReady(ctx, a.tx, j.TenantID, j.ID); err != nil {
					return err
				}
			}
		}
		return a.refresh(ctx, j)
	})
	return done.Job, err
}

// SetCustomerUploads says whether the customer of a job may add pictures to it. Admins
// only; leaves an audit entry.
func (s *Jobs) SetCustomerUploads(ctx context.Context, v account.Viewer, jobID string, allowed bool, reason string) (*Job, error) {
	done, err := s.setPackage(ctx, v, jobID, reason, fault.Text("input.reason", reason, 0, MaxReason), func(a *act, j *Job) error {
		if j.CustomerUploads == allowed {
			return nil
		}
		a.entry(audit.CustomerUploadsSet, j, nil, uploadsValue{j.CustomerUploads}, uploadsValue{allowed})
		if err := a.q.SetCustomerUploads(ctx, j.TenantID, j.ID, allowed); err != nil {
			return fault.Database("set whether a customer uploads", err)
		}
		return a.refresh(ctx, j)
	})
	return done.Job, err
}

// What the audit log keeps of a job.
type (
	statusValue struct {
		Status Status `json:"status"`
	}
	uploadsValue struct {
		CustomerUploads bool `json:"customerUploads"`
	}
)
