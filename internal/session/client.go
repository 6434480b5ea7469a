// Package session signs people in by a code that was mailed to them, and knows
// by their tokens who they are afterwards.
package session

import (
	"context"
	"net/netip"
	"time"

	"pixgate/internal/account"
)

// Transport is how a session's credential reaches the client. The two are not
// interchangeable.
type Transport string

// The transports.
const (
	Cookie Transport = "COOKIE"
	Token  Transport = "TOKEN"
)

// Client is the other end of a request, as far as signing in and out needs it.
type Client struct {
	Tenant       account.Tenant
	Origin       string     // of ours that it came to, such as https://api.pix.immo
	IP           netip.Addr // of the client itself, unmapped and without zone
	UserAgent    string     // as sent; for naming the device
	DeviceSecret string     // from the server's device cookie, made where there was none; only for Cookie
	Unforged     bool       // whether the request proved that no other site's page sent it; needed for Cookie
	Jar          Jar
}

// Jar keeps what a browser shall hold.
type Jar interface {
	// Keep stores the session token and the device secret in the browser.
	Keep(token string, expires time.Time, deviceSecret string)
	// Drop removes the session token from the browser; the device stays known.
	Drop()
}

type clientKey struct{}

// WithClient puts the client of a request into its context.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey{}, c)
}

// ClientFrom returns the client of a request.
func ClientFrom(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}
