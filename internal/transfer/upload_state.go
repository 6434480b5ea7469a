package transfer

// UploadState says how far an upload is. An upload moves along these lines and no
// others; the four below are its ends.
//
//	          completeUpload             taken in
//	PENDING ──────────────────▶ VERIFYING ──────▶ READY
//	 │ │ │                          │
//	 │ │ └──── known already ───────┼──────────▶ READY
//	 │ │                            │ refused
//	 │ │ abortUpload                ▼
//	 │ └──────────▶ ABORTED     REJECTED
//	 │ nobody went on with it
//	 └────────────▶ EXPIRED
//
// Whoever asks for the same again gets what is so already: completing twice, aborting
// twice, taking in twice. The database holds the lines as well: trigger upload_moves.
type UploadState string

// The states.
const (
	Pending   UploadState = "PENDING"
	Verifying UploadState = "VERIFYING"
	Ready     UploadState = "READY"
	Rejected  UploadState = "REJECTED"
	Aborted   UploadState = "ABORTED"
	Expired   UploadState = "EXPIRED"
)

// UploadStates are all of them.
var UploadStates = []UploadState{Pending, Verifying, Ready, Rejected, Aborted, Expired}

// uploadEvent is what happens to an upload.
type uploadEvent string

const (
	completed uploadEvent = "completed" // its uploader says that all is there
	taken     uploadEvent = "taken"     // it is a picture of the job
	refused   uploadEvent = "refused"   // it never will be
	aborted   uploadEvent = "aborted"   // its uploader gave it up, or was erased: EraseUploads in queries/dossier.sql
	expired   uploadEvent = "expired"   // nobody went on with it
)

// verdict says what an event means for an upload.
type verdict string

const (
	moves   verdict = "moves"   // it goes to another state
	stays   verdict = "stays"   // it is so already
	tooLate verdict = "tooLate" // it can't be so any more
)

// after is the state that an event leads to.
func (s UploadState) after(event uploadEvent) (UploadState, verdict) {
	switch event {
	case completed:
		switch s {
		case Pending:
			return Verifying, moves
		case Verifying, Ready, Rejected:
			return s, stays
		}
	case taken:
		switch s {
		case Pending, Verifying:
			return Ready, moves
		case Ready:
			return s, stays
		}
	case refused:
		switch s {
		case Verifying:
			return Rejected, moves
		case Rejected:
			return s, stays
		}
	case aborted:
		switch s {
		case Pending:
			return Aborted, moves
		case Rejected, Aborted, Expired:
			return s, stays
		}
	case expired:
		switch s {
		case Pending:
			return Expired, moves
		case Ready, Rejected, Aborted, Expired:
			return s, stays
		}
	}
	return s, tooLate
}

// open reports whether it can still become a picture: what belongs to it is kept.
func (s UploadState) open() bool { return s == Pending || s == Verifying }
