package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"pixgate/internal/dev/mailbox"
	"pixgate/internal/dev/postgres"
	"pixgate/internal/dev/process"
	"pixgate/internal/dev/redis"
	"pixgate/internal/dev/store"
)

const (
	database   = "pixgate"
	owner      = "pixgate_owner"
	serverRole = "pixgate_server"
	bucket     = "pixgate"
)

// stack is everything that runs, in the order of its start.
type stack struct {
	log     steps
	env     environment
	mailbox string // its page, or empty
	stops   []func(context.Context) error
	ended   chan string // the name of a part that ended by itself
}

// start brings up the parts and the server, and says what to open.
func (s *stack) start(ctx context.Context, in installation) (*process.Child, error) {
	parts := []struct {
		variable, name string
		start          func(context.Context, string) error
	}{
		{"DATABASE_URL", "PostgreSQL", s.postgres},
		{"REDIS_URL", "Redis", s.redis},
		{"S3_ENDPOINT", "storage", s.store},
		{"SES_ENDPOINT", "mail", s.mail},
	}
	for _, part := range parts {
		if s.env.get(part.variable) != "" {
			s.log.note(part.name, part.variable+" is set")
			continue
		}
		err := s.log.step(part.name, func() error { return part.start(ctx, in.dir) })
		if err != nil {
			return nil, err
		}
	}
	if err := s.env.secrets(filepath.Join(in.dir, "secrets")); err != nil {
		return nil, err
	}
	if err := s.addresses(); err != nil {
		return nil, err
	}
	if err := s.env.keep(filepath.Join(in.dir, "env")); err != nil {
		return nil, err
	}
	return s.serve(ctx, in)
}

// stop ends everything in reverse order.
func (s *stack) stop() {
	for _, stop := range slices.Backward(s.stops) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		if err := stop(ctx); err != nil {
			s.log.note("stopping", err.Error())
		}
		cancel()
	}
}

// started keeps how to stop a part, and tells when it ends by itself.
func (s *stack) started(name string, done <-chan struct{}, stop func(context.Context) error) {
	stopping := make(chan struct{})
	s.stops = append(s.stops, func(ctx context.Context) error {
		close(stopping)
		return stop(ctx)
	})
	go func() {
		select {
		case <-stopping:
		case <-done:
			select {
			case s.ended <- name:
			default: // another one was first
			}
		}
	}()
}

func (s *stack) postgres(ctx context.Context, dir string) error {
	p, err := postgres.Start(ctx, postgres.Options{Dir: filepath.Join(dir, "postgres"), Progress: s.log.progress})
	if err != nil {
		return err
	}
	s.started("PostgreSQL", p.Done(), p.Stop)
	for _, role := range []string{owner, serverRole} {
		if err := p.EnsureRole(ctx, role); err != nil {
			return err
		}
	}
	if err := p.EnsureDatabase(ctx, database, owner); err != nil {
		return err
	}
	s.env.set["DATABASE_URL"] = p.URL(serverRole, database)
	s.env.set["MIGRATE_DATABASE_URL"] = p.URL(owner, database)
	return nil
}

func (s *stack) redis(ctx context.Context, dir string) error {
	r, err := redis.Start(ctx, filepath.Join(dir, "redis"), s.log.progress)
	if err != nil {
		return err
	}
	s.started("Redis", r.Done(), r.Stop)
	s.env.set["REDIS_URL"] = r.URL(0)
	return nil
}

func (s *stack) store(ctx context.Context, dir string) error {
	s.log.progress("building")
	st, err := store.Start(ctx, filepath.Join(dir, "store"))
	if err != nil {
		return err
	}
	s.started("the storage", st.Done(), st.Stop)
	if err := st.CreateBucket(ctx, bucket); err != nil {
		return err
	}
	s.env.set["S3_ENDPOINT"] = st.Endpoint()
	s.env.set["S3_REGION"] = st.Region()
	s.env.set["S3_BUCKET"] = bucket
	s.env.set["S3_ACCESS_KEY_ID"] = st.AccessKeyID()
	s.env.set["S3_SECRET_ACCESS_KEY"] = st.SecretAccessKey()
	return nil
}

func (s *stack) mail(ctx context.Context, dir string) error {
	m, err := mailbox.Start(ctx, mailbox.Options{Dir: filepath.Join(dir, "mailbox")})
	if err != nil {
		return err
	}
	s.stops = append(s.stops, func(context.Context) error {
		m.Stop()
		return nil
	})
	s.mailbox = m.Endpoint()
	s.env.set["SES_ENDPOINT"] = m.Endpoint()
	s.env.set["SES_REGION"] = m.Region()
	s.env.set["SES_ACCESS_KEY_ID"] = m.AccessKeyID()
	s.env.set["SES_SECRET_ACCESS_KEY"] = m.SecretAccessKey()
	return nil
}

// addresses chooses where the server listens, and what follows from that.
func (s *stack) addresses() error {
	const usual, metrics = 8080, 9464
	if s.env.get("ADDR") == "" {
		port, err := nextFree(usual)
		if err != nil {
			return err
		}
		if port != usual {
			s.log.note("server", fmt.Sprintf("port %d is taken, so it listens on %d", usual, port))
		}
		s.env.set["ADDR"] = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	_, port, err := net.SplitHostPort(s.env.get("ADDR"))
	if err != nil {
		return fmt.Errorf("ADDR: %w", err)
	}
	free, err := nextFree(metrics)
	if err != nil {
		return err
	}
	s.env.otherwise("METRICS_ADDR", net.JoinHostPort("127.0.0.1", strconv.Itoa(free)))
	s.env.otherwise("PUBLIC_URLS", "http://localhost:"+port)
	s.env.otherwise("APP_ENV", "development")
	s.env.otherwise("CORS_ORIGINS", "http://localhost:3000")
	s.env.otherwise("MAIL_FROM", "pix.immo <no-reply@pix.immo>")
	return nil
}

// nextFree is the first free port from the given one on.
func nextFree(from int) (int, error) {
	for wanted := from; wanted < from+100; wanted++ {
		if port, err := process.Free(wanted); err != nil || port == wanted {
			return port, err
		}
	}
	return 0, fmt.Errorf("no port from %d on is free", from)
}
