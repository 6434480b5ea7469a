package account

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"pixgate/internal/id"
	"pixgate/internal/page"
)

// PublicID is how callers name the studio.
func (t *Tenant) PublicID() string { return id.Tenant.Format(t.ID) }

// Cursor is the studio's place in the list of all.
func (t *Tenant) Cursor() page.Cursor { return page.Cursor{Key: t.CreatedAt.UnixMicro(), ID: t.ID} }

// Sender is the sender of the studio's mails; nil for the installation's.
func (t *Tenant) Sender() *string {
	if t.MailFrom == "" {
		return nil
	}
	return new(showSender(*t))
}

// List returns a page of the installation's studios, in the order in which they were
// made, and whether more follow. Operators only.
func (t *Tenants) List(ctx context.Context, v Viewer, w page.Window) (studios []*Tenant, more bool, err error) {
	if err := v.Require(Operator, t.now()); err != nil {
		return nil, false, err
	}
	all, err := t.all(ctx)
	if err != nil {
		return nil, false, err
	}
	for _, studio := range all {
		if w.After == nil || behind(studio.Cursor(), *w.After) {
			studios = append(studios, &studio)
		}
	}
	studios, more = page.Cut(w, studios)
	return studios, more, nil
}

func behind(one, other page.Cursor) bool {
	return cmp.Or(cmp.Compare(one.Key, other.Key), bytes.Compare(one.ID[:], other.ID[:])) > 0
}

// ByIDs returns those of the studios that the viewer may see: the own one, and for
// operators every one.
func (t *Tenants) ByIDs(ctx context.Context, v Viewer, ids []id.ID) ([]*Tenant, error) {
	if err := v.Good(t.now()); err != nil {
		return nil, err
	}
	all, err := t.all(ctx)
	if err != nil {
		return nil, err
	}
	var studios []*Tenant
	for _, studio := range all {
		if slices.Contains(ids, studio.ID) && (studio.ID == v.TenantID || v.Role.AtLeast(Operator)) {
			studios = append(studios, &studio)
		}
	}
	return studios, nil
}
