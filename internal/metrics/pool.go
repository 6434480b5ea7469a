package metrics

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// Pool is the database's pool of connections.
type Pool interface {
	Stat() *pgxpool.Stat
}

// pool reads the state of a Pool when it is asked for.
type pool struct{ Pool }

var (
	poolConnections = prometheus.NewDesc("pixgate_database_connections", "Connections of the pool by state.", []string{"state"}, nil)
	poolMost        = prometheus.NewDesc("pixgate_database_connections_max", "How many connections the pool may have.", nil, nil)
	poolWaits       = prometheus.NewDesc("pixgate_database_waits_total", "How often all connections were in use.", nil, nil)
	poolWaited      = prometheus.NewDesc("pixgate_database_wait_seconds_total", "How long was waited for connections.", nil, nil)
)

// Describe names what Collect gives.
func (pool) Describe(to chan<- *prometheus.Desc) {
	for _, one := range []*prometheus.Desc{poolConnections, poolMost, poolWaits, poolWaited} {
		to <- one
	}
}

// Collect gives the state of the pool.
func (p pool) Collect(to chan<- prometheus.Metric) {
	now := p.Stat()
	gauge := func(desc *prometheus.Desc, value int32, labels ...string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), labels...)
	}
	gauge(poolConnections, now.AcquiredConns(), "used")
	gauge(poolConnections, now.IdleConns(), "idle")
	gauge(poolConnections, now.ConstructingConns(), "opening")
	gauge(poolMost, now.MaxConns())
	to <- prometheus.MustNewConstMetric(poolWaits, prometheus.CounterValue, float64(now.EmptyAcquireCount()))
	to <- prometheus.MustNewConstMetric(poolWaited, prometheus.CounterValue, now.EmptyAcquireWaitTime().Seconds())
}
