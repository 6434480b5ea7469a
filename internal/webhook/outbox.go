package webhook

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/transfer"
	"pixgate/queries"
)

// Outbox takes events over, each in the transaction of what it tells of: what is rolled back is
// told to nobody. A studio without webhooks for it costs one look by an index.
type Outbox struct {
	queue Queue
	now   func() time.Time
}

// NewOutbox returns an outbox.
func NewOutbox(queue Queue, now func() time.Time) *Outbox { return &Outbox{queue, now} }

// ImagesReleased tells that pictures of a job, which is locked, were released, a hundred in each
// event; of a picture once an hour, however often it is given back and chosen again.
func (o *Outbox) ImagesReleased(ctx context.Context, tx pgx.Tx, tenantID, jobID id.ID, images []job.Released) error {
	hooks, err := o.hooksFor(ctx, tx, tenantID, ImageReleased)
	if err != nil || len(hooks) == 0 {
		return err
	}
	now := o.now()
	ask := queries.TakeReleasesToTellParams{TenantID: tenantID, JobID: jobID, Now: now, Before: now.Add(-onceIn)}
	for _, image := range images {
		ask.Ids = append(ask.Ids, image.ID)
	}
	fresh, err := queries.New(tx).TakeReleasesToTell(ctx, ask)
	if err != nil {
		return fault.Database("note what is told of images", err)
	}
	told := make(map[id.ID]bool, len(fresh))
	for _, one := range fresh {
		told[one] = true
	}
	images = slices.DeleteFunc(slices.Clone(images), func(image job.Released) bool { return !told[image.ID] })
	if len(images) == 0 {
		return nil
	}
	var all []any
	for chunk := range slices.Chunk(images, perEvent) {
		data := releasedData{Job: id.Job.Format(jobID)}
		for _, image := range chunk {
			data.Images = append(data.Images, releasedImage{image.PublicID(), string(image.State)})
		}
		all = append(all, data)
	}
	_, err = o.post(ctx, tx, tenantID, ImageReleased, "", hooks, all...)
	return err
}

// JobReady tells that a job was handed over.
func (o *Outbox) JobReady(ctx context.Context, tx pgx.Tx, tenantID, jobID id.ID) error {
	return o.tell(ctx, tx, tenantID, JobReady, "", readyData{id.Job.Format(jobID), string(job.Delivered)})
}

// DownloadFinished tells that a customer has an archive of a job; once an hour, however often and
// in how many selections its last bytes are asked for.
func (o *Outbox) DownloadFinished(ctx context.Context, tx pgx.Tx, f transfer.Finished) error {
	data := finishedData{id.Job.Format(f.JobID), id.Account.Format(f.AccountID), f.Images}
	return o.tell(ctx, tx, f.TenantID, DownloadFinished, "download "+data.Account+" "+data.Job, data)
}

// SecurityAlert tells a studio of an alert that was raised just now. What belongs to no studio is posted to
// ALERT_WEBHOOK_URL alone, where it is set: that is of package watch.
func (o *Outbox) SecurityAlert(ctx context.Context, tx pgx.Tx, alertID id.ID) error {
	row, err := queries.New(tx).SecurityAlert(ctx, alertID)
	if err != nil {
		return fault.Database("read a security alert", err)
	}
	if row.SecurityAlert.TenantID == nil {
		return nil
	}
	return o.tell(ctx, tx, *row.SecurityAlert.TenantID, SecurityAlert, "", audit.Announce(row))
}

// onceIn is how long an event with a sameness is not told again.
const onceIn = time.Hour

// tell queues an event for each of data to each live webhook of the studio that wants
// such.
func (o *Outbox) tell(ctx context.Context, tx pgx.Tx, tenantID id.ID, what Type, sameness string, data ...any) error {
	hooks, err := o.hooksFor(ctx, tx, tenantID, what)
	if err != nil || len(hooks) == 0 {
		return err
	}
	q := queries.New(tx)
	if sameness != "" {
		if err := q.LockSameness(ctx, tenantID.String(), sameness); err != nil {
			return fault.Database("lock what is told once", err)
		}
		told, err := q.WasToldAlike(ctx, tenantID, sameness, o.now().Add(-onceIn))
		if err != nil || told {
			return fault.Database("look for what was told", err)
		}
	}
	_, err = o.post(ctx, tx, tenantID, what, sameness, hooks, data...)
	return err
}

// mostWaiting is how much waits for a webhook: what comes past it is dropped, and the webhook says so.
const mostWaiting = 10_000

// hooksFor are the live webhooks of a studio that want events of a type and have room for them.
func (o *Outbox) hooksFor(ctx context.Context, tx pgx.Tx, tenantID id.ID, what Type) ([]queries.WebhooksForRow, error) {
	q, now := queries.New(tx), o.now()
	hooks, err := q.WebhooksFor(ctx, tenantID, mostWaiting, string(what))
	if err != nil {
		return nil, fault.Database("look for webhooks", err)
	}
	var full []id.ID
	hooks = slices.DeleteFunc(hooks, func(hook queries.WebhooksForRow) bool {
		if hook.Waiting < mostWaiting {
			return false
		}
		full = append(full, hook.ID)
		return true
	})
	if len(full) > 0 {
		err = q.DropForWebhooks(ctx, queries.DropForWebhooksParams{TenantID: tenantID, Ids: full, Now: now, Before: new(now.Add(-time.Minute))})
	}
	return hooks, fault.Database("note what is dropped", err)
}

// post writes the events and their deliveries, and queues those. It returns the deliveries.
func (o *Outbox) post(ctx context.Context, tx pgx.Tx, tenantID id.ID, what Type, sameness string, hooks []queries.WebhooksForRow, data ...any) ([]id.ID, error) {
	now := o.now()
	events := queries.InsertWebhookEventsParams{TenantID: tenantID, Type: string(what), Sameness: sameness, Now: now}
	deliveries := queries.InsertWebhookDeliveriesParams{TenantID: tenantID, Now: now}
	var ahead []int
	for n, one := range data {
		body, err := encode(what, now, one)
		if err != nil {
			return nil, err
		}
		eventID := id.New(now)
		events.Ids, events.Bodies = append(events.Ids, eventID), append(events.Bodies, body)
		for _, hook := range hooks {
			deliveries.Ids = append(deliveries.Ids, id.New(now))
			deliveries.WebhookIds, deliveries.EventIds = append(deliveries.WebhookIds, hook.ID), append(deliveries.EventIds, eventID)
			ahead = append(ahead, int(hook.Waiting)+n)
		}
	}
	q := queries.New(tx)
	if err := q.InsertWebhookEvents(ctx, events); err != nil {
		return nil, fault.Database("write webhook events", err)
	}
	if err := q.InsertWebhookDeliveries(ctx, deliveries); err != nil {
		return nil, fault.Database("write webhook deliveries", err)
	}
	return deliveries.Ids, o.queue.WebhookDeliveries(ctx, tx, deliveries.Ids, ahead)
}
