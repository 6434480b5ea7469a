// Package graph is the GraphQL API: the schema, the guard that authorises a
// request before anything of it runs, and resolvers that hand over to the rooms.
package graph

import (
	"log/slog"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/booking"
	"pixgate/internal/dossier"
	"pixgate/internal/feed"
	"pixgate/internal/gate"
	"pixgate/internal/job"
	"pixgate/internal/journal"
	"pixgate/internal/notice"
	"pixgate/internal/session"
	"pixgate/internal/task"
	"pixgate/internal/transfer"
	"pixgate/internal/watch"
	"pixgate/internal/webhook"
)

// Options are the rooms that the API hands over to.
type Options struct {
	Accounts    *account.Accounts
	Members     *account.Members
	Tenants     *account.Tenants
	Sessions    *session.Service
	Jobs        *job.Jobs
	Downloads   *transfer.Downloads
	Archives    *transfer.Archives
	Imports     *transfer.Imports
	Uploads     *transfer.Uploads
	Journal     *journal.Journal
	Bookings    *booking.Bookings
	Offer       *booking.Offer
	Feed        *feed.Feed // what changes in jobs
	Limits      *gate.Limiter
	Lists       gate.Lists // from where admins may act
	Events      *watch.Events
	Health      *watch.Secrets // of the installation's secrets
	Dossiers    *dossier.Dossiers
	Notices     *notice.Notices
	Reputation  *notice.Reputation
	Hooks       *webhook.Webhooks
	Maintenance *task.Maintenance
	Backlog     *task.Backlog // the background tasks that did not go well
	Development bool          // everybody may read the schema
	Timeout     time.Duration // for a request, from its first byte to its answer
	Now         func() time.Time
	Log         *slog.Logger
}

// Resolver is the root of the resolvers.
type Resolver struct {
	Options
}
