package webhook

import (
	"encoding/json"
	"fmt"
	"time"

	"pixgate/internal/id"
)

// Type says what an event is about. The names are posted, and stay.
type Type string

// The types.
const (
	ImageReleased    Type = "image.released"    // a job's customer may download pictures that they could not before
	JobReady         Type = "job.ready"         // a job was handed over
	DownloadFinished Type = "download.finished" // a customer has a job's pictures as one file
	SecurityAlert    Type = "security.alert"    // security events of the studio are many
	Test             Type = "webhook.test"      // somebody tries a webhook; it can't be asked for otherwise
)

// Types are those that a webhook can ask for, in the order of their names.
var Types = []Type{DownloadFinished, ImageReleased, JobReady, SecurityAlert}

// perEvent is how many pictures an event names at most; more of them are several events.
const perEvent = 100

// messageKind begins the ids of events: they are names for receivers, not things that the API
// can be asked for.
const messageKind id.Kind = "evt"

// MessageID is how receivers know an event: the header webhook-id, in every attempt and at every webhook.
func MessageID(eventID id.ID) string { return messageKind.Format(eventID) }

// The data of events: public ids and states, never a name, an address or a link. That of
// [SecurityAlert] is [audit.Announcement].
type (
	releasedData struct {
		Job    string          `json:"jobId"`
		Images []releasedImage `json:"images"`
	}
	releasedImage struct {
		ID             string `json:"id"`
		SelectionState string `json:"selectionState"`
	}
	readyData struct {
		Job    string `json:"jobId"`
		Status string `json:"status"`
	}
	finishedData struct {
		Job     string `json:"jobId"`
		Account string `json:"accountId"`
		Images  int    `json:"images"`
	}
	testData struct {
		Webhook string `json:"webhookId"`
	}
)

// encode makes the bytes that are posted.
func encode(what Type, at time.Time, data any) (string, error) {
	body, err := json.Marshal(struct {
		Type Type      `json:"type"`
		At   time.Time `json:"timestamp"`
		Data any       `json:"data"`
	}{what, at.UTC().Truncate(time.Millisecond), data})
	if err != nil {
		return "", fmt.Errorf("encode a webhook event: %w", err)
	}
	return string(body), nil
}
