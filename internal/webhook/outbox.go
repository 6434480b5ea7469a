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

// ImagesReleased tells that pictures of a job were released, a hundred in each event.
func (o *Outbox) ImagesReleased(ctx context.Context, tx pgx.Tx, tenantID, jobID id.ID, images []job.Released) error {
	var all []any
	for chunk := range slices.Chunk(images, perEvent) {
		data := releasedData{Job: id.Job.Format(jobID)}
		for _, image := range chunk {
			data.Images = append(data.Images, releasedImage{image.PublicID(), string(image.State)})
		}
		all = append(all, data)
	}
	return o.tell(ctx, tx, tenantID, ImageReleased, "", all...)
}

// JobReady tells that a job was handed over.
func (o *Outbox) JobReady(ctx context.Context, tx pgx.Tx, tenantID, jobID id.ID) error {
	return o.tell(ctx, tx, tenantID, JobReady, "", readyData{id.Job.Format(jobID), string(job.Delivered)})
}

// DownloadFinished tells that a customer has an archive; of the same one for the same person once
// an hour, however often its last bytes are asked for.
func (o *Outbox) DownloadFinished(ctx context.Context, tx pgx.Tx, f transfer.Finished) error {
	data := finishedData{id.Job.Format(f.JobID), id.Account.Format(f.AccountID), f.Images}
	return o.tell(ctx, tx, f.TenantID, DownloadFinished, "download "+data.Account+" "+data.Job+" "+f.ETag, data)
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
	q := queries.New(tx)
	hooks, err := q.WebhooksFor(ctx, tenantID, string(what))
	if err != nil {
		return fault.Database("look for webhooks", err)
	}
	if len(hooks) == 0 {
		return nil
	}
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

// post writes the events and their deliveries, and queues those. It returns the deliveries.
func (o *Outbox) post(ctx context.Context, tx pgx.Tx, tenantID id.ID, what Type, sameness string, hooks []id.ID, data ...any) ([]id.ID, error) {
	now := o.now()
	events := queries.InsertWebhookEventsParams{TenantID: tenantID, Type: string(what), Sameness: sameness, Now: now}
	deliveries := queries.InsertWebhookDeliveriesParams{TenantID: tenantID, Now: now}
	for _, one := range data {
		body, err := encode(what, now, one)
		if err != nil {
			return nil, err
		}
		eventID := id.New(now)
		events.Ids, events.Bodies = append(events.Ids, eventID), append(events.Bodies, body)
		for _, hook := range hooks {
			deliveries.Ids = append(deliveries.Ids, id.New(now))
			deliveries.WebhookIds, deliveries.EventIds = append(deliveries.WebhookIds, hook), append(deliveries.EventIds, eventID)
		}
	}
	q := queries.New(tx)
	if err := q.InsertWebhookEvents(ctx, events); err != nil {
		return nil, fault.Database("write webhook events", err)
	}
	if err := q.InsertWebhookDeliveries(ctx, deliveries); err != nil {
		return nil, fault.Database("write webhook deliveries", err)
	}
	return deliveries.Ids, o.queue.WebhookDeliveries(ctx, tx, deliveries.Ids)
}
