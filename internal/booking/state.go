package booking

// The life of a booking.
//
//	            confirm                      cancel, while it is no job
//	REQUESTED ───────────▶ CONFIRMED ─────────────────────────────▶ CANCELLED
//	    │ │                 │  ▲ │                                      ▲
//	    │ │                 │  └─┘ confirm: another day                 │
//	    │ │ decline         └──▶ a job, once; stays CONFIRMED           │
//	    │ └──────▶ DECLINED                                             │
//	    └───────────────────────────────────────────────────────────────┘
//	                                 cancel
//
// Nothing comes back from DECLINED and CANCELLED: who changes their mind books again.

// State says what has become of a booking. Its values are stored.
type State string

// The states.
const (
	Requested State = "REQUESTED"
	Confirmed State = "CONFIRMED"
	Declined  State = "DECLINED"
	Cancelled State = "CANCELLED"
)

// States are all states.
var States = []State{Requested, Confirmed, Declined, Cancelled}

// Act is something that is done to a booking.
type Act int

// The acts.
const (
	Confirm Act = iota // by the studio: the day stands
	Decline            // by the studio: there will be no shoot
	Cancel             // by whoever booked, or by the studio
	Assign             // by the studio: who takes the pictures
	MakeJob            // by the studio: pictures can come in
)

// The codes of a [Refusal].
const (
	NotFound         = "NOT_FOUND"
	Over             = "BOOKING_OVER"
	AlreadyConfirmed = "BOOKING_CONFIRMED"
	NotConfirmed     = "BOOKING_NOT_CONFIRMED"
	HasJob           = "BOOKING_HAS_JOB"
	TooManyPackages  = "TOO_MANY_PACKAGES"
)

// Sentences say what a refusal means, for a person.
var Sentences = map[string]string{
	Over:             "This booking was declined or cancelled. Please make a new one.",
	AlreadyConfirmed: "This booking is confirmed, so it can be cancelled, not declined.",
	NotConfirmed:     "Confirm the booking first.",
	HasJob:           "This booking is a job already, so it can't be cancelled any more. Please contact the studio.",
}

// Refusal is a business rule that said no.
type Refusal struct {
	Field   []string
	Code    string
	Message string
}

// After is the whole of the rule: the state that a booking comes to by an act, the same
// where that is so already, or the code of a refusal. hasJob says whether it has become a job.
func (from State) After(act Act, hasJob bool) (to State, refusal string) {
	over := from != Requested && from != Confirmed
	switch {
	case act == Decline && from == Declined, act == Cancel && from == Cancelled:
		return from, ""
	case act == MakeJob && hasJob: // the job that there is
		return from, ""
	case over:
		return from, Over
	case act == Confirm:
		return Confirmed, ""
	case act == Decline && from == Confirmed:
		return from, AlreadyConfirmed
	case act == Decline:
		return Declined, ""
	case act == Cancel && hasJob:
		return from, HasJob
	case act == Cancel:
		return Cancelled, ""
	case act == MakeJob && from != Confirmed:
		return from, NotConfirmed
	}
	return from, ""
}

// Refuse tells what a rule says about the booking that an input names.
func Refuse(code string) []Refusal {
	return []Refusal{{Field: []string{"input", "bookingId"}, Code: code, Message: Sentences[code]}}
}
