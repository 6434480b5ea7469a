package transfer

import (
	"context"
	"errors"
	"fmt"

	"pixgate/internal/account"
	"pixgate/internal/blob"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/queries"
)

// Link is where to send bytes, by PUT and with these headers. It is signed for these
// bytes alone.
type Link struct {
	URL     string
	Headers []blob.Header
}

// PartLink is the link of a part.
type PartLink struct {
	Number int
	Link
}

// Link returns where the upload goes up by one PUT; nil where it does not, or not any more.
func (s *Uploads) Link(u *Upload) (*Link, error) {
	if u.State != Pending || u.Method() != ByPut {
		return nil, nil
	}
	batch, err := s.Store.Presigner().At(u.readAt, uploadLinkTTL)
	if err != nil {
		return nil, err
	}
	content := blob.Content{Type: u.ContentType, Size: u.Size, SHA256: &u.SHA256}
	return &Link{URL: string(batch.AppendPut(nil, stagingKey(u.ID), content)), Headers: content.Headers()}, nil
}

// SignParts returns links for parts of an upload, in the order asked. An upload that
// goes up whole, or takes no bytes any more, and a job that takes no pictures are
// refusals of business. address is what failures count by from then on, as in
// [Announcement].
func (s *Uploads) SignParts(ctx context.Context, v account.Viewer, address, uploadID string, parts []AnnouncedPart) ([]PartLink, []job.Refusal, error) {
	u, j, err := s.own(ctx, v, uploadID)
	if err != nil {
		return nil, nil, err
	}
	if u.Method() != ByParts {
		return nil, nil, fault.Invalid(fault.Field{Path: "input.uploadId", Code: fault.InvalidValue, Message: "This upload goes up by one PUT; see its url."})
	}
	sums, err := checkParts(parts, u.parts())
	if err != nil {
		return nil, nil, err
	}
	if u.State != Pending {
		return nil, []job.Refusal{over(u)}, nil
	}
	if refusal := job.Closes(j.Status, "input", "uploadId"); refusal != nil {
		return nil, []job.Refusal{*refusal}, nil
	}
	now := s.Now()
	if err := s.begin(ctx, u); err != nil {
		return nil, nil, err
	}
	if u.State != Pending { // somebody ended it meanwhile
		return nil, []job.Refusal{over(u)}, nil
	}
	if err := queries.New(s.DB).RenewUpload(ctx, queries.RenewUploadParams{
		TenantID: v.TenantID, ID: u.ID, DueAt: now.Add(uploadLife), SessionID: v.SessionID, AddressKey: address,
	}); err != nil {
		return nil, nil, fault.Database("renew an upload", err)
	}
	batch, err := s.Store.Presigner().At(now, uploadLinkTTL)
	if err != nil {
		return nil, nil, err
	}
	links := make([]PartLink, len(parts))
	for i, part := range parts {
		content := blob.Content{Size: u.sizeOf(part.Number), SHA256: s.Store.PartSum(sums[i])}
		links[i] = PartLink{part.Number, Link{
			URL: string(batch.AppendPart(nil, stagingKey(u.ID), u.multipart, part.Number, content)), Headers: content.Headers(),
		}}
	}
	return links, nil, nil
}

// begin begins the multipart upload in the store, unless somebody has. Of several who
// do at once one counts; the others drop theirs again, or the sweep does. An upload that
// has ended meanwhile gets the state that it is in.
func (s *Uploads) begin(ctx context.Context, u *Upload) error {
	if u.multipart != "" {
		return nil
	}
	begun, err := s.Store.Begin(ctx, stagingKey(u.ID), u.ContentType)
	if err != nil {
		return away("begin an upload", err)
	}
	n, err := queries.New(s.DB).BeginMultipart(ctx, u.tenantID, begun, u.ID)
	if err != nil {
		return fault.Database("begin an upload", err)
	}
	if n == 1 {
		u.multipart = begun
		return nil
	}
	if err := s.Store.Drop(ctx, stagingKey(u.ID), begun); err != nil {
		return away("drop an upload that began twice", err)
	}
	rows, err := queries.New(s.DB).UploadsByID(ctx, u.tenantID, []id.ID{u.ID})
	if err != nil {
		return fault.Database("read an upload", err)
	}
	if len(rows) != 1 {
		return fmt.Errorf("upload %s is not there any more", u.ID)
	}
	if u.State = UploadState(rows[0].State); rows[0].Multipart != nil {
		u.multipart = *rows[0].Multipart
	}
	return nil
}

// Received returns the parts that the store holds; none of an upload that goes up whole
// or has ended.
func (s *Uploads) Received(ctx context.Context, u *Upload) ([]blob.Part, error) {
	if u.State != Pending || u.multipart == "" {
		return nil, nil
	}
	parts, err := s.Store.Parts(ctx, stagingKey(u.ID), u.multipart)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, away("list the parts of an upload", err)
	}
	return parts, nil
}

// over says that an upload takes no bytes any more.
func over(u *Upload) job.Refusal {
	return job.Refusal{Field: []string{"input", "uploadId"}, Code: job.UploadOver, Message: "This upload takes no bytes any more: it is " + string(u.State) + "."}
}
