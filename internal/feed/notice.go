package feed

import (
	"encoding/hex"
	"strings"

	"pixgate/internal/id"
)

// The channels of the database. Anybody who may connect to it can speak on them, so what
// is heard is never believed: it makes somebody look.
const (
	jobChannel     = "pixgate_job"
	accountChannel = "pixgate_account"
	echoChannel    = "pixgate_echo"
)

// told are the kinds that the database tells of, and whether they name pictures or uploads.
var told = map[Kind]bool{ImagesAdded: true, SelectionChanged: true, ImagesDelivered: true, UploadChanged: true, JobChanged: false}

// parseJob reads what the channel of jobs tells: "KIND job id,id,…".
func parseJob(text string) (jobID id.ID, event Event, ok bool) {
	kind, rest, _ := strings.Cut(text, " ")
	name, list, hasList := strings.Cut(rest, " ")
	names, known := told[Kind(kind)]
	jobID, isID := parseID(name)
	if !known || !isID || names != hasList {
		return id.Nil, Event{}, false
	}
	event.Kind = Kind(kind)
	ids := event.named()
	if !hasList {
		return jobID, event, true
	}
	for one := range strings.SplitSeq(list, ",") {
		named, isID := parseID(one)
		if !isID || len(*ids) == MostNamed {
			return id.Nil, Event{}, false
		}
		*ids = append(*ids, named)
	}
	return jobID, event, true
}

// parseID reads a UUID as PostgreSQL writes it, and as [id.ID.String] does.
func parseID(text string) (id.ID, bool) {
	var read id.ID
	digits := strings.ReplaceAll(text, "-", "")
	if len(digits) != 2*len(read) {
		return id.Nil, false
	}
	if _, err := hex.Decode(read[:], []byte(digits)); err != nil || read.String() != text {
		return id.Nil, false
	}
	return read, true
}
