package graph

import (
	"context"

	"pixgate/graph/model"
	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/notice"
	"pixgate/internal/session"
)

// mayMail refuses an address from which no mail may be sent.
func (r *Resolver) mayMail(ctx context.Context) error {
	ip := session.ClientFrom(ctx).IP
	if list := r.Lists.Denying(gate.SendEmail, ip); list != "" {
		fault.Tell(ctx, fault.IPDenied, list)
	}
	return r.Lists.Check(gate.SendEmail, ip)
}

// mailTo returns how mail to an account stands, read with that of those that it was
// listed with. Whoever has just signed in sees the own, as with the devices.
func (r *Resolver) mailTo(ctx context.Context, of *account.Account) (*notice.Standing, error) {
	req, as := requestFrom(ctx), requestFrom(ctx).viewer
	if req.arrived.AccountID == of.ID {
		as = req.arrived
	}
	standing, err := req.mail.get(&of.ID, func(ids []id.ID) ([]*notice.Standing, error) {
		return r.Notices.Standings(ctx, as, ids)
	}, func(one *notice.Standing) id.ID { return one.AccountID })
	if err == nil && standing == nil {
		err = fault.Refused()
	}
	return standing, err
}

func noticeErrors(refusals []notice.Refusal) []*model.UserError {
	all := []*model.UserError{}
	for _, one := range refusals {
		all = append(all, &model.UserError{Field: one.Field, Code: model.UserErrorCode(one.Code), Message: one.Message})
	}
	return all
}
