package transfer

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/secret"
)

// anySession knows every session.
type anySession struct{}

func (anySession) ByID(_ context.Context, tenantID, sessionID id.ID) (account.Viewer, error) {
	return account.Viewer{TenantID: tenantID, SessionID: sessionID}, nil
}

func archives(now *time.Time, current, previous secret.Value) *Archives {
	return NewArchives(ArchiveOptions{Sessions: anySession{}, Tickets: secret.NewRing(current, previous), Now: func() time.Time { return *now }})
}

// asked is the request that follows a link.
func asked(t *testing.T, link string, tenantID id.ID, j *job.Job) ArchiveRequest {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return ArchiveRequest{Tenant: tenantID, JobID: j.PublicID(), Images: u.Query()["image"], Ticket: u.Query().Get("ticket")}
}

func TestTicketsOutliveAChangeOfTheirSecret(t *testing.T) {
	t.Parallel()
	now := time.Now()
	v := account.Viewer{TenantID: id.New(now), SessionID: id.New(now)}
	j := &job.Job{ID: id.New(now)}
	link := archives(&now, "the old secret", "").Link(v, j, nil)
	if got, _, err := archives(&now, "the new secret", "the old secret").redeem(t.Context(), asked(t, link, v.TenantID, j)); err != nil || got.SessionID != v.SessionID {
		t.Errorf("under the secret before: %v, %v", got.SessionID, err)
	}
	if _, _, err := archives(&now, "the new secret", "").redeem(t.Context(), asked(t, link, v.TenantID, j)); !fault.Is(err, fault.Forbidden) {
		t.Errorf("under a secret that is gone: %v", err)
	}
}

func TestTicketsAreForOneRequestAndATime(t *testing.T) {
	t.Parallel()
	now := time.Now()
	v := account.Viewer{TenantID: id.New(now), SessionID: id.New(now)}
	j, other := &job.Job{ID: id.New(now)}, &job.Job{ID: id.New(now)}
	s := archives(&now, "a secret", "")
	image := id.Image.Format(id.New(now))
	good := asked(t, s.Link(v, j, []string{image}), v.TenantID, j)
	for name, change := range map[string]func(*ArchiveRequest){
		"another studio":  func(r *ArchiveRequest) { r.Tenant = id.New(now) },
		"another job":     func(r *ArchiveRequest) { r.JobID = other.PublicID() },
		"another image":   func(r *ArchiveRequest) { r.Images = []string{id.Image.Format(id.New(now))} },
		"one image more":  func(r *ArchiveRequest) { r.Images = append(r.Images, id.Image.Format(id.New(now))) },
		"all images":      func(r *ArchiveRequest) { r.Images = nil },
		"no images":       func(r *ArchiveRequest) { r.Images = []string{} },
		"cut":             func(r *ArchiveRequest) { r.Ticket = r.Ticket[:len(r.Ticket)-4] },
		"longer":          func(r *ArchiveRequest) { r.Ticket += "AAAA" },
		"other alphabet":  func(r *ArchiveRequest) { r.Ticket = strings.Repeat("+", len(r.Ticket)) },
		"another session": func(r *ArchiveRequest) { r.Ticket = r.Ticket[:10] + "AAAA" + r.Ticket[14:] },
	} {
		r := good
		r.Images = append([]string(nil), good.Images...)
		change(&r)
		if _, _, err := s.redeem(t.Context(), r); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	made := now
	for after, want := range map[time.Duration]string{
		0: "starts", 5 * time.Minute: "starts", 5*time.Minute + 2*time.Second: "continues", 6 * time.Hour: "continues", 6*time.Hour + 2*time.Second: "over",
		-2 * time.Minute: "over", // made in the future
	} {
		now = time.Unix(made.Unix(), 0).Add(after)
		_, late, err := s.redeem(t.Context(), good)
		got := map[bool]string{false: "starts", true: "continues"}[late]
		if err != nil {
			got = "over"
		}
		if got != want {
			t.Errorf("after %v a ticket %s, want %s (%v)", after, got, want, err)
		}
	}
}
