package account

import (
	"context"
	"strings"

	"pixgate/internal/fault"
	"pixgate/internal/page"
	"pixgate/queries"
)

// Filter says which people of a studio are asked for; the zero Filter is all.
type Filter struct {
	Text    *string // that the address, or its domain, begins with; 1 to 254 characters
	Role    *Role
	Blocked *bool
	Expired *bool // past a membership's end that binds them
}

// Cursor is the account's place in the list of people. Its address is looked up: it is
// nothing to carry around in a cursor.
func (a *Account) Cursor() page.Cursor { return page.Cursor{ID: a.ID} }

// afterAll is behind every address and domain: their characters are ASCII.
const afterAll = "\x7f"

// List returns a page of the people of the viewer's studio, and whether more follow, in
// the order of their addresses: with a text, first those whose address begins with
// it, then, in the order of domains, those whose domain does; nobody who was erased.
// Admins only.
func (s *Accounts) List(ctx context.Context, v Viewer, filter Filter, w page.Window) (people []*Account, more bool, err error) {
	if err := v.Require(Admin, s.now()); err != nil {
		return nil, false, err
	}
	text, err := searched(filter.Text)
	if err != nil {
		return nil, false, err
	}
	q := queries.New(s.db)
	after := "" // before every address
	if w.After != nil {
		place, err := s.read(ctx, v.TenantID, w.After.ID)
		if fault.Is(err, fault.Forbidden) || err == nil && place.erased { // which leaves no place to go on from
			return nil, false, fault.Invalid(fault.Field{Path: "after", Code: fault.InvalidValue, Message: "Pass an endCursor of this list, as it was; where its account is gone, begin again."})
		}
		if err != nil {
			return nil, false, err
		}
		after = place.key
	}
	rows, err := s.page(ctx, q, v, filter, text, after, w.Size+1)
	if err != nil {
		return nil, false, fault.Database("list accounts", err)
	}
	rows, more = page.Cut(w, rows)
	people = make([]*Account, len(rows))
	for i, row := range rows {
		people[i] = fromRow(row)
	}
	return people, more, nil
}

func (s *Accounts) page(ctx context.Context, q *queries.Queries, v Viewer, filter Filter, text, after string, most int) ([]queries.Account, error) {
	begins := queries.AccountsByAddressParams{
		TenantID: v.TenantID, FromKey: text, ToKey: text + afterAll, AfterKey: after,
		Role: (*string)(filter.Role), Blocked: filter.Blocked, Expired: filter.Expired, Now: s.now(), MaxRows: int32(most),
	}
	var rows []queries.Account
	afterDomain := ""
	if after == "" || strings.HasPrefix(after, text) { // still among the addresses
		var err error
		if rows, err = q.AccountsByAddress(ctx, begins); err != nil || len(rows) == most || text == "" {
			return rows, err
		}
		after = ""
	} else {
		_, afterDomain, _ = strings.Cut(after, "@")
	}
	domain := strings.TrimPrefix(text, "@")
	further, err := q.AccountsByDomain(ctx, queries.AccountsByDomainParams{
		TenantID: v.TenantID, FromDomain: domain, ToDomain: domain + afterAll, AfterDomain: afterDomain, AfterKey: after,
		FromKey: begins.FromKey, ToKey: begins.ToKey,
		Role: begins.Role, Blocked: begins.Blocked, Expired: begins.Expired, Now: begins.Now, MaxRows: int32(most - len(rows)),
	})
	return append(rows, further...), err
}

// searched brings a text into the spelling that addresses are kept in: a whole
// address or "@" and a whole domain as they would be, anything else by its case.
func searched(text *string) (string, error) {
	if text == nil {
		return "", nil
	}
	trimmed := strings.Trim(*text, " ")
	if wrong := fault.Text("filter.text", trimmed, 1, maxAddress); wrong != nil {
		return "", fault.Invalid(wrong...)
	}
	if address, ok := ParseAddress(trimmed); ok {
		return address.Key(), nil
	}
	if domain, ok := strings.CutPrefix(trimmed, "@"); ok {
		if ascii, ok := parseDomain(domain); ok {
			return "@" + ascii, nil
		}
	}
	return strings.ToLower(trimmed), nil
}
