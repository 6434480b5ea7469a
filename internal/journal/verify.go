package journal

import (
	"context"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
)

// How much of a chain one call verifies: what fits into a request's time.
const (
	verifiedEntries = 100_000
	verifiedAnchors = 1_000
)

// Verification is what a look at a part of the studio's chain came to.
type Verification struct {
	audit.Report
	NextSequence *int64 // where to go on; nil at the end and at a fault
}

// Verify proves a part of the studio's chain, anchors included, from a sequence on. One
// at a time runs in this process; others are told to come back. Admins only.
func (j *Journal) Verify(ctx context.Context, v account.Viewer, from int64) (*Verification, error) {
	if err := v.Require(account.Admin, j.Now()); err != nil {
		return nil, err
	}
	if from < 1 {
		return nil, fault.Invalid(fault.Field{Path: "fromSequence", Code: fault.InvalidValue, Message: "Sequences begin at 1."})
	}
	if !j.verifying.TryLock() {
		return nil, fault.TooMany("Another verification is running. Please try again in a few seconds.", 5*time.Second)
	}
	defer j.verifying.Unlock()
	tenant, err := j.Tenants.ByID(ctx, v.TenantID)
	if err != nil {
		return nil, err
	}
	report, err := j.Verifier.Verify(ctx, audit.Studio{ID: tenant.ID, Slug: tenant.Slug},
		audit.Span{From: from, Entries: verifiedEntries, Anchors: verifiedAnchors}, nil)
	if err != nil {
		return nil, err
	}
	verified := &Verification{Report: report}
	if !report.Complete && report.Fault == nil {
		verified.NextSequence = new(report.CheckedTo + 1)
	}
	return verified, nil
}
