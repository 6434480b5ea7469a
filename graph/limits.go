package graph

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"pixgate/graph/model"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/session"
)

// rateLimit is @rateLimit. It stands on root fields alone, and the guard has asked.
func (r *Resolver) rateLimit(ctx context.Context, _ any, next graphql.Resolver, _ model.RateLimit) (any, error) {
	return next(ctx)
}

// takeLimit counts a root field under the limit that the schema names, and refuses it
// past that. Every request has been counted under PUBLIC_API before it came here.
func (r *Resolver) takeLimit(ctx context.Context, op *graphql.OperationContext, root graphql.CollectedField) error {
	if root.Definition == nil { // __typename
		return nil
	}
	limited := root.Definition.Directives.ForName("rateLimit")
	if limited == nil {
		return nil
	}
	address := gate.KeyOfIP(session.ClientFrom(ctx).IP)
	switch name := model.RateLimit(limited.Arguments.ForName("name").Value.Raw); name {
	case model.RateLimitPublicAPI:
		return nil
	case model.RateLimitEmail:
		return r.Limits.Pass(ctx, gate.Email, address)
	case model.RateLimitForm:
		return r.Limits.Pass(ctx, gate.Form, requestFrom(ctx).viewer.AccountID.String())
	case model.RateLimitSearch:
		if filter, _ := root.ArgumentMap(op.Variables)["filter"].(map[string]any); filter["text"] == nil {
			return nil
		}
		return r.Limits.Pass(ctx, gate.Search, requestFrom(ctx).viewer.AccountID.String())
	case model.RateLimitAuth: // counts failures: see failed
		return r.Limits.Open(ctx, gate.AuthIP, address)
	case model.RateLimitUpload:
		return r.takeUpload(ctx, address)
	default: // what the schema promises is not left out in silence
		return fmt.Errorf("nobody counts what is under the limit %s", name)
	}
}

// takeUpload counts an upload mutation by session and by address, unless too much went
// wrong with the uploads of either: see transfer.UploadFailures.
func (r *Resolver) takeUpload(ctx context.Context, address string) error {
	session := requestFrom(ctx).viewer.SessionID.String()
	if err := r.Limits.Pass(ctx, gate.Upload, "session", session); err != nil {
		return err
	}
	if err := r.Limits.Pass(ctx, gate.Upload, "address", address); err != nil {
		return err
	}
	if err := r.Limits.Open(ctx, gate.UploadMistakes, session); err != nil {
		return err
	}
	return r.Limits.Open(ctx, gate.UploadFailures, r.addressKey(ctx))
}

// addressKey is what failures of uploads count by that are found out when the request is
// long over: it tells nobody the address.
func (r *Resolver) addressKey(ctx context.Context) string {
	return r.Limits.Alias(gate.KeyOfIP(session.ClientFrom(ctx).IP))
}

// refused hears that a request was refused as a whole.
func (r *Resolver) refused(ctx context.Context, code string) { fault.Tell(ctx, fault.Code(code), "") }

// failed counts a sign-in that failed by its code, also one at a challenge that nobody has:
// the database counts those of mailboxes. It is asked where the sign-in failed, since a
// request that did something else besides is not refused as a whole.
func (r *Resolver) failed(ctx context.Context, err error) {
	if fault.Is(err, fault.OTPInvalid) {
		fault.Tell(ctx, fault.OTPInvalid, "")
		// It counts, or the next one is not refused: there is nothing to tell this one.
		_ = r.Limits.Pass(ctx, gate.AuthIP, gate.KeyOfIP(session.ClientFrom(ctx).IP))
	}
}
