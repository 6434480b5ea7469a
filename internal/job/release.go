package job

import (
	"time"

	"pixgate/internal/account"
	"pixgate/internal/id"
)

// SelectionState says whether a picture belongs to what the customer gets.
type SelectionState string

// The states. None to ExtraPending are moved by customers, the rest by the studio.
const (
	None         SelectionState = "NONE"
	Included     SelectionState = "INCLUDED"
	ExtraPending SelectionState = "EXTRA_PENDING"
	ExtraPaid    SelectionState = "EXTRA_PAID"
	ExtraFree    SelectionState = "EXTRA_FREE"
	Blocked      SelectionState = "BLOCKED"
)

// ReleaseReason says why a picture is released to the job's customer, or why not.
type ReleaseReason string

// The reasons; the first four release.
const (
	ByAllIncluded   ReleaseReason = "ALL_IMAGES_INCLUDED"
	ByInclusion     ReleaseReason = "INCLUDED"
	ByPayment       ReleaseReason = "EXTRA_PAID"
	ByGoodwill      ReleaseReason = "EXTRA_FREE"
	NotSelected     ReleaseReason = "NOT_SELECTED"
	PaymentPending  ReleaseReason = "PAYMENT_PENDING"
	ReleaseWithheld ReleaseReason = "BLOCKED"
)

// Access is what a viewer may do with a picture.
type Access struct {
	See      bool // that it exists, its preview unless blocked
	Download bool // the original
	Choose   bool // which pictures the package includes: the customer's
	Staff    bool // by working for the studio, not by having bought it
}

// Release is the rule that guards the pictures: whether a picture is released to
// the customer of its job. A blocked one never is, also where the package
// includes every picture; there every other one is. Elsewhere only what was
// included, paid or granted. A state that is none of the six releases nothing.
func Release(state SelectionState, allImagesIncluded bool) (released bool, reason ReleaseReason) {
	switch state {
	case None, Included, ExtraPending, ExtraPaid, ExtraFree:
		if allImagesIncluded {
			return true, ByAllIncluded
		}
	}
	switch state {
	case Included:
		return true, ByInclusion
	case ExtraPaid:
		return true, ByPayment
	case ExtraFree:
		return true, ByGoodwill
	case None:
		return false, NotSelected
	case ExtraPending:
		return false, PaymentPending
	}
	return false, ReleaseWithheld
}

// Decide says what a viewer may do with a picture in state of job j, now. It is
// the one decision that every way to a picture asks: the customer of the job may
// see its pictures and download the released ones; the studio's staff — admins,
// and the photographer it is assigned to — may download all; everybody else,
// another studio's people, and whoever is not a member in good standing may
// nothing. [None] decides about the job as such.
func Decide(v account.Viewer, j *Job, state SelectionState, now time.Time) Access {
	if j == nil || v.Good(now) != nil || v.TenantID != j.TenantID {
		return Access{}
	}
	if v.Role.AtLeast(account.Admin) || v.Role == account.Photographer && is(j.PhotographerID, v.AccountID) {
		return Access{See: true, Download: true, Choose: is(j.CustomerID, v.AccountID), Staff: !is(j.CustomerID, v.AccountID)}
	}
	if is(j.CustomerID, v.AccountID) {
		released, _ := Release(state, j.AllImagesIncluded)
		return Access{See: true, Download: released, Choose: true}
	}
	return Access{}
}

func is(person *id.ID, who id.ID) bool { return person != nil && *person == who }
