package commands

import (
	"context"
	"net"

	"pixgate/internal/config"
	"pixgate/internal/egress"
)

// checkAlerts looks at where alerts go beside the studio's people. It connects to the
// webhook's receiver and says nothing to it.
func (c *checklist) checkAlerts(ctx context.Context) {
	settings, ok := c.settings(config.Watch)
	if !ok {
		return
	}
	if settings.AlertWebhookURL == "" {
		if settings.AlertEmail == "" {
			c.add("alerts", known, "go to the studio's people and the operators alone, by mail", "set ALERT_EMAIL, or ALERT_WEBHOOK_URL to whatever wakes somebody")
			return
		}
		c.good("alerts", "go to ALERT_EMAIL, too")
		return
	}
	to, err := egress.URL(settings.AlertWebhookURL.Reveal(), false)
	if err == nil {
		var conn net.Conn
		if conn, err = egress.New(egress.Options{}).DialContext(ctx, "tcp", net.JoinHostPort(to.Hostname(), "443")); err == nil {
			_ = conn.Close() // nothing was said
		}
	}
	switch {
	case egress.WhyBlocked(err) != "":
		c.add("alerts", bad, "the host of ALERT_WEBHOOK_URL has an address that is not of the open internet: nothing is posted there", "name another one")
	case err != nil:
		c.add("alerts", bad, "the host of ALERT_WEBHOOK_URL can't be reached", "is the name right, and may this machine connect to it on port 443?")
	default:
		c.good("alerts", "the receiver of the webhook can be reached")
	}
}
