package task

import "context"

// Count counts once.
func (b *Backlog) Count(ctx context.Context) { b.count(ctx) }

// Scheduled is how many chores the runner that leads starts by itself.
func Scheduled(work Work) int { return len(schedule(work)) }
