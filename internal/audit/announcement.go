package audit

import (
	"time"

	"pixgate/queries"
)

// Announcement is what programs read of an alert, the installation's and the studios' alike: how many,
// and of what, and nobody's address, name or id.
type Announcement struct {
	Event         string  `json:"event"`  // by its stored name
	Studio        *string `json:"studio"` // its slug; nil: the installation
	Seen          int64   `json:"seen"`
	WithinSeconds int64   `json:"withinSeconds"`
	AtLeast       bool    `json:"atLeast"` // Seen is where counting stopped
}

// Announce returns what is told of an alert.
func Announce(row queries.SecurityAlertRow) Announcement {
	alert := row.SecurityAlert
	return Announcement{
		Event: alert.Event, Studio: row.Slug, Seen: alert.Seen,
		WithinSeconds: int64(alert.RaisedAt.Sub(alert.Since) / time.Second), AtLeast: alert.Seen >= MostCounted,
	}
}
