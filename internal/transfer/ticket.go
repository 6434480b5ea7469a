package transfer

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/url"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// How long a ticket starts a download, and how long it continues one. All that
// while the session that asked for it must live.
const (
	ticketStarts    = 5 * time.Minute
	ticketContinues = 6 * time.Hour
	ticketSkew      = time.Minute // by which another server's clock may be ahead
)

// ticketLen is the length of a ticket: the key's id, the session, the second it
// was made, and a keyed hash over these, the studio, the job and the images.
const (
	ticketHead = 4 + 16 + 8
	ticketLen  = (ticketHead + 32) * 4 / 3
)

// Link returns the path and query of a ZIP with a ticket in it, for the session
// that asks. It decides nothing, since whoever follows it is judged again; what is
// linked here without [Archives.Check] is a link that will be refused.
func (s *Archives) Link(v account.Viewer, j *job.Job, images []string) string {
	query := url.Values{"ticket": {s.newTicket(v, j.PublicID(), images)}}
	if images != nil {
		query["image"] = images
	}
	return "/jobs/" + j.PublicID() + "/download.zip?" + query.Encode()
}

func (s *Archives) newTicket(v account.Viewer, jobID string, images []string) string {
	return s.newTicketFor(ticketPurpose, v, jobID, images)
}

// newTicketFor makes a ticket that is good for one purpose.
func (s *Archives) newTicketFor(purpose string, v account.Viewer, jobID string, images []string) string {
	key := s.tickets.Current()
	keyID, err := hex.DecodeString(key.ID())
	if err != nil {
		panic(err) // ids of keys are hexadecimal
	}
	head := make([]byte, 0, ticketHead+32)
	head = append(head, keyID...)
	head = append(head, v.SessionID[:]...)
	head = binary.BigEndian.AppendUint64(head, uint64(s.now().Unix()))
	sum := key.MAC(purpose, ticketParts(head, v.TenantID, jobID, images)...)
	return base64.RawURLEncoding.EncodeToString(append(head, sum[:]...))
}

const ticketPurpose = "zip ticket"

func ticketParts(head []byte, tenant id.ID, jobID string, images []string) [][]byte {
	parts := [][]byte{head, tenant[:], []byte(jobID)}
	if images != nil {
		parts = append(parts, []byte("images"))
	}
	for _, image := range images {
		parts = append(parts, []byte(image))
	}
	return parts
}

// redeem returns who holds the session that a request's ticket was made for. What
// was not made by us for this very request is refused, one whose session has ended
// is UNAUTHENTICATED.
func (s *Archives) redeem(ctx context.Context, r ArchiveRequest) (v account.Viewer, late bool, err error) {
	return s.redeemFor(ctx, ticketPurpose, r)
}

func (s *Archives) redeemFor(ctx context.Context, purpose string, r ArchiveRequest) (v account.Viewer, late bool, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(r.Ticket)
	if err != nil || len(r.Ticket) != ticketLen || len(raw) != ticketHead+32 {
		return v, false, fault.Refused()
	}
	head, mac := raw[:ticketHead], raw[ticketHead:]
	key, ok := s.tickets.ByID(hex.EncodeToString(head[:4]))
	if !ok {
		return v, false, fault.Refused()
	}
	if sum := key.MAC(purpose, ticketParts(head, r.Tenant, r.JobID, r.Images)...); !hmac.Equal(sum[:], mac) {
		return v, false, fault.Refused()
	}
	age := s.now().Sub(time.Unix(int64(binary.BigEndian.Uint64(head[20:])), 0))
	if age < -ticketSkew || age > ticketContinues {
		return v, false, fault.Refused()
	}
	v, err = s.sessions.ByID(ctx, r.Tenant, id.ID(head[4:20]))
	v.RequestID = r.Viewer.RequestID
	return v, age > ticketStarts, err
}
