package main

import (
	"context"

	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/transfer"
)

// openUploads lets pictures in. What goes wrong with them is counted by the limits.
func openUploads(o transfer.UploadOptions, limits *gate.Limiter) *transfer.Uploads {
	o.Failures = uploadFailures{limits}
	return transfer.NewUploads(o)
}

// uploadFailures are the limits of what went wrong with uploads: the guard of the API
// asks them, this counts.
type uploadFailures struct{ limits *gate.Limiter }

// Count counts a failure. Past the limit it makes no difference: nobody is let in.
func (f uploadFailures) Count(ctx context.Context, sessionID id.ID, address string) {
	_, _ = f.limits.Take(ctx, gate.UploadMistakes, sessionID.String()) // errors are of names and keys that are always there
	_, _ = f.limits.Take(ctx, gate.UploadFailures, address)
}
