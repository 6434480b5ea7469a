package job

// The life of a picture's state. Customers move along the lines; the studio takes any
// picture from any state to any other, within the two rules below.
//
//	          select, while the package has a place
//	   NONE ────────────────────────────────────────▶ INCLUDED
//	    │ ▲ ◀──────────────── deselect ──────────────  ▲
//	    │ │                                            │ select again, once a place
//	    │ │ deselect                                   │ has come free
//	    ▼ │                                            │
//	EXTRA_PENDING ─────────────────────────────────────┘
//	    │  (selected past the package, where the job sells extras)
//	    │
//	    │ settleExtras, by the studio
//	    ▼
//	EXTRA_PAID         EXTRA_FREE          BLOCKED
//	                   granted             withdrawn
//	                   by setSelectionState, by the studio
//
// Nobody gets past these:
//   - No more pictures are INCLUDED than the package has places.
//   - What was delivered stays granted: nobody takes it back into a state that is not
//     released, except BLOCKED. Where a package shrinks below it, it becomes EXTRA_FREE.

// The codes of a [Refusal].
const (
	NotFound             = "NOT_FOUND"
	WrongRole            = "WRONG_ROLE"
	JobClosed            = "JOB_CLOSED"
	JobDelivered         = "JOB_DELIVERED"
	PackageFull          = "PACKAGE_FULL"
	NothingToChoose      = "NOTHING_TO_CHOOSE"
	ImageBlocked         = "IMAGE_BLOCKED"
	AlreadyDelivered     = "ALREADY_DELIVERED"
	AlreadyGranted       = "ALREADY_GRANTED"
	NotPending           = "NOT_PENDING"
	PaymentReferenceUsed = "PAYMENT_REFERENCE_USED"

	// Of uploads.
	QuotaExceeded    = "QUOTA_EXCEEDED"
	FileTooLarge     = "FILE_TOO_LARGE"
	UnsupportedType  = "UNSUPPORTED_TYPE"
	UploadIncomplete = "UPLOAD_INCOMPLETE"
	UploadOver       = "UPLOAD_OVER"
	UploadComplete   = "UPLOAD_COMPLETE"
)

// places are what a package has left while pictures move one after another.
type places struct {
	free        int
	sellsExtras bool
}

// moved keeps count of a picture that went from one state to another.
func (p *places) moved(from, to SelectionState) {
	if from == Included {
		p.free++
	}
	if to == Included {
		p.free--
	}
}

// choose is a customer's move: the state that a picture goes to when it is selected or
// deselected, the same where that is so already; or the code of a refusal.
func (p *places) choose(from SelectionState, delivered, selected bool) (to SelectionState, refusal string) {
	if selected {
		return p.selectOne(from)
	}
	switch from {
	case Included, ExtraPending:
		if delivered {
			return from, AlreadyDelivered
		}
		return None, ""
	case ExtraPaid, ExtraFree:
		return from, AlreadyGranted
	}
	return from, "" // NONE, and BLOCKED is as good as not selected
}

func (p *places) selectOne(from SelectionState) (to SelectionState, refusal string) {
	switch from {
	case None, ExtraPending:
		switch {
		case p.free > 0:
			return Included, ""
		case p.sellsExtras:
			return ExtraPending, ""
		}
		return from, PackageFull
	case Blocked:
		return from, ImageBlocked
	}
	return from, "" // chosen, paid or granted already
}

// customersMove reports whether a picture that went from one state to another may have
// been moved so by a customer, whatever the package was at that time. What customers
// chose is no part of the chain of the audit log: whoever can add to it must not be
// believed to have been granted anything.
func customersMove(from, to SelectionState) bool {
	switch from {
	case None:
		return to == Included || to == ExtraPending
	case Included:
		return to == None
	case ExtraPending:
		return to == None || to == Included
	}
	return false
}

// assign is the studio's move to a state that an admin names.
func (p *places) assign(from, to SelectionState, delivered, allImagesIncluded bool) (refusal string) {
	if from == to {
		return ""
	}
	if to == Included && p.free <= 0 {
		return PackageFull
	}
	if released, _ := Release(to, allImagesIncluded); delivered && !released && to != Blocked {
		return AlreadyDelivered
	}
	return ""
}

// settle is the studio's move of an extra that was paid.
func settle(from SelectionState) (to SelectionState, refusal string) {
	if from == ExtraPending {
		return ExtraPaid, ""
	}
	return from, NotPending
}

// giveUp is where a picture goes whose place in the package is taken away.
func (p *places) giveUp(delivered bool) SelectionState {
	switch {
	case delivered:
		return ExtraFree
	case p.sellsExtras:
		return ExtraPending
	}
	return None
}

// retain is where a picture goes that was delivered because the package included
// every one, when it does no longer.
func (p *places) retain() SelectionState {
	if p.free > 0 {
		return Included
	}
	return ExtraFree
}
