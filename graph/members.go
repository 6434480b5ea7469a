package graph

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/session"
)

// owned is an account's devices. Those of people who were listed together are read
// together, when the first are asked for.
type owned struct {
	account id.ID
	devices []*account.Device
}

// listPeople notes people whose devices, and how mail to whom stands, are read together.
func (req *request) listPeople(people []*account.Account) {
	for _, one := range people {
		req.devices.note(&one.ID)
		req.mail.note(&one.ID)
	}
}

// devicesOf returns an account's devices. Whoever has just signed in sees the own ones,
// though the request as a whole is still somebody else's or nobody's.
func (r *Resolver) devicesOf(ctx context.Context, of *account.Account) ([]*account.Device, error) {
	req := requestFrom(ctx)
	if arrived := req.arrived; arrived.AccountID == of.ID {
		all, err := r.Accounts.DevicesOf(ctx, arrived, []id.ID{of.ID})
		return orNone(all[of.ID]), err
	}
	all, err := req.devices.get(&of.ID, func(ids []id.ID) ([]*owned, error) {
		read, err := r.Accounts.DevicesOf(ctx, req.viewer, ids)
		list := make([]*owned, 0, len(read))
		for accountID, devices := range read {
			list = append(list, &owned{accountID, devices})
		}
		return list, err
	}, func(one *owned) id.ID { return one.account })
	if err != nil || all == nil {
		return orNone(nil), err
	}
	return all.devices, nil
}

func orNone(devices []*account.Device) []*account.Device {
	if devices == nil {
		return []*account.Device{}
	}
	return devices
}

// signOff takes the cookie of a browser that has removed its own device.
func signOff(ctx context.Context, v account.Viewer, removed string) {
	if jar := session.ClientFrom(ctx).Jar; jar != nil && removed == id.Device.Format(v.DeviceID) {
		jar.Drop()
	}
}

// given returns a value that may be null but must not be left out.
func given(value graphql.Omittable[*time.Time], path string) (*time.Time, error) {
	if !value.IsSet() {
		return nil, fault.Invalid(fault.Field{Path: path, Code: fault.Required, Message: "Say it, be it null."})
	}
	return value.Value(), nil
}
