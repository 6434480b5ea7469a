package job

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// maxPaymentReference is how long a payment's reference may be, in characters.
const maxPaymentReference = 100

// Settle marks extras of a job as paid. Admins only; leaves an audit entry for each.
// All of them must wait for their payment, or the call is refused as a whole. The same
// payment again, with the same pictures, does nothing and is no error, whatever
// has become of them since; with others it is refused: a reference stands for one
// payment of the studio.
func (s *Jobs) Settle(ctx context.Context, v account.Viewer, jobID string, imageIDs []string, paymentReference string) (Outcome, []Refusal, error) {
	if err := v.Require(account.Admin, s.now()); err != nil {
		return Outcome{}, nil, err
	}
	paymentReference = strings.TrimSpace(paymentReference)
	if wrong := fault.Text("input.paymentReference", paymentReference, 1, maxPaymentReference); wrong != nil {
		return Outcome{}, nil, fault.Invalid(wrong...)
	}
	images, err := s.namedImages(ctx, v, imageIDs)
	if err != nil {
		return Outcome{}, nil, err
	}
	for _, image := range images {
		if image.Job.PublicID() != jobID {
			return Outcome{}, nil, fault.Refused()
		}
	}
	var refusals []Refusal
	done, err := s.act(ctx, v, "", jobsOf(images), func(a *act) error {
		if images, err = a.lockImages(ctx, images); err != nil {
			return err
		}
		refusals, err = a.settle(ctx, images, imageIDs, paymentReference)
		return err
	})
	if err != nil || refusals != nil {
		return Outcome{}, refusals, err
	}
	return Outcome{Job: images[0].Job, Images: images, Changes: done.changes}, nil, nil
}

func (a *act) settle(ctx context.Context, images []*Image, imageIDs []string, paymentReference string) ([]Refusal, error) {
	j, ids := images[0].Job, make([]id.ID, len(images))
	for i, image := range images {
		ids[i] = image.ID
	}
	slices.SortFunc(ids, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
	switch known, err := a.q.SettlementByReference(ctx, j.TenantID, paymentReference); {
	case err == nil && known.JobID == j.ID && slices.Equal(known.ImageIds, ids):
		return nil, nil
	case err == nil:
		return referenceUsed(), nil
	case !errors.Is(err, pgx.ErrNoRows):
		return nil, fault.Database("look for a payment", err)
	}
	var changes []*Change
	var refusals []Refusal
	for _, image := range images {
		to, refusal := settle(image.State)
		if refusal != "" {
			refusals = append(refusals, refuse(imageIDs, image, refusal))
			continue
		}
		changes = append(changes, &Change{Image: image, Old: image.State, New: to})
	}
	if refusals != nil {
		return refusals, nil
	}
	written, err := a.q.InsertSettlement(ctx, queries.InsertSettlementParams{
		ID: id.New(a.now()), TenantID: j.TenantID, JobID: j.ID, AccountID: a.viewer.AccountID, PaymentReference: paymentReference,
		ImageIds: ids, RequestID: a.viewer.RequestID, Now: a.now(),
	})
	if err != nil {
		return nil, fault.Database("write a payment", err)
	}
	if written == 0 { // of another job, at the same moment
		return referenceUsed(), nil
	}
	for _, herald := range a.heralds {
		if err := herald.ExtrasSettled(ctx, a.tx, j.TenantID, j.ID, len(changes)); err != nil {
			return nil, err
		}
	}
	a.stateEntries(audit.ExtraSettled, changes, paymentReference)
	return nil, a.move(ctx, j, changes)
}

func referenceUsed() []Refusal {
	return []Refusal{{
		Field: []string{"input", "paymentReference"}, Code: PaymentReferenceUsed,
		Message: "This reference stands for a payment of other pictures. Each payment has its own.",
	}}
}
