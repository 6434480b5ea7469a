package model

import (
	"time"

	"pixgate/internal/feed"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/transfer"
)

// JobEvent is something that changed in a job, as it is when it is told.
type JobEvent struct {
	Kind     feed.Kind
	At       time.Time
	Job      *job.Job
	ImageIDs []id.ID            // of the pictures that it is about
	Uploads  []*transfer.Upload // that it is about, and the viewer may see
}
