package task

import "context"

// Count counts once.
func (b *Backlog) Count(ctx context.Context) { b.count(ctx) }
