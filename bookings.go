package main

import (
	"log/slog"
	"time"
	_ "time/tzdata" // studios have time zones, and not every machine knows them

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/booking"
	"pixgate/internal/mail"
)

// openBookings returns the bookings of the studios, and what mails about them.
func openBookings(pool *pgxpool.Pool, tenants *account.Tenants, log *audit.Log, queue booking.Queue, sender mail.Sender, to *slog.Logger) (*booking.Bookings, *booking.News) {
	bookings := booking.New(booking.Options{DB: pool, Tenants: tenants, Audit: log, Queue: queue, Now: time.Now})
	return bookings, booking.NewNews(booking.NewsOptions{DB: pool, Tenants: tenants, Sender: sender, Log: to})
}
