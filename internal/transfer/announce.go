package transfer

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"

	"pixgate/internal/fault"
	"pixgate/internal/job"
	"pixgate/internal/picture"
)

// Announcement is a file that somebody wants to upload.
type Announcement struct {
	JobID       string
	Filename    string // 1 to 255 characters; what a system could not save is replaced
	ContentType string // such as image/jpeg
	Size        int64  // bytes, at least 1
	SHA256      string // 64 hexadecimal digits
	Address     string // where it comes from, by the name that [UploadFailures] knows
}

// announced is an announcement that makes sense.
type announced struct {
	filename, contentType string
	size                  int64
	sum                   [32]byte
	guest                 bool // by somebody who does not work on the job
}

var mediaType = regexp.MustCompile(`^[a-z]+/[a-z0-9.+-]{1,60}$`)

// deliverable are the types that [picture.Inspect] takes.
var deliverable = []string{"image/jpeg", "image/png", "image/webp"}

func (a Announcement) check() (announced, error) {
	wrong := fault.Text("input.filename", a.Filename, 1, 255)
	if !mediaType.MatchString(a.ContentType) {
		wrong = append(wrong, fault.Field{Path: "input.contentType", Code: fault.InvalidValue, Message: "Give a media type without parameters, such as image/jpeg."})
	}
	if a.Size < 1 {
		wrong = append(wrong, fault.Field{Path: "input.size", Code: fault.InvalidValue, Message: "Give the file's size in bytes, at least 1."})
	}
	sum, ok := parseSHA256(a.SHA256)
	if !ok {
		wrong = append(wrong, wrongSum("input.sha256"))
	}
	if wrong != nil {
		return announced{}, fault.Invalid(wrong...)
	}
	return announced{filename: picture.Filename(a.Filename), contentType: a.ContentType, size: a.Size, sum: sum}, nil
}

// refusal says why a file that makes sense is not taken, before a byte of it is sent.
func (a announced) refusal() *job.Refusal {
	switch {
	case !slices.Contains(deliverable, a.contentType):
		return &job.Refusal{
			Field: []string{"input", "contentType"}, Code: job.UnsupportedType,
			Message: "Such a file can't be delivered; please export it as JPEG, PNG or WebP.",
		}
	case a.size > MaxUpload:
		return &job.Refusal{
			Field: []string{"input", "size"}, Code: job.FileTooLarge,
			Message: fmt.Sprintf("The file is larger than the %d MiB that are allowed.", MaxUpload>>20),
			Quota:   &job.Quota{Limit: MaxUpload, Used: a.size, Bytes: true},
		}
	}
	return nil
}

func parseSHA256(text string) (sum [32]byte, ok bool) {
	if len(text) != hex.EncodedLen(len(sum)) {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(text))
	return sum, err == nil
}

func wrongSum(path string) fault.Field {
	return fault.Field{Path: path, Code: fault.InvalidValue, Message: "Give the SHA-256 in 64 hexadecimal digits."}
}

// AnnouncedPart is a part that somebody wants to upload.
type AnnouncedPart struct {
	Number int    // from 1
	SHA256 string // of the part, 64 hexadecimal digits
}

// maxSigned is how many parts one call signs.
const maxSigned = 100

// checkParts reads the parts of an upload that has so many; the sums are in their order.
func checkParts(parts []AnnouncedPart, most int) ([][32]byte, error) {
	switch {
	case len(parts) == 0:
		return nil, fault.Invalid(fault.Field{Path: "input.parts", Code: fault.Required, Message: "Name at least one part."})
	case len(parts) > maxSigned:
		return nil, fault.Invalid(fault.Field{Path: "input.parts", Code: fault.InvalidValue, Message: fmt.Sprintf("Name at most %d parts at once.", maxSigned)})
	}
	var wrong []fault.Field
	sums, seen := make([][32]byte, len(parts)), map[int]bool{}
	for i, part := range parts {
		path := fmt.Sprintf("input.parts[%d].", i)
		if part.Number < 1 || part.Number > most {
			wrong = append(wrong, fault.Field{Path: path + "number", Code: fault.InvalidValue, Message: fmt.Sprintf("The file has the parts 1 to %d.", most)})
		} else if seen[part.Number] {
			wrong = append(wrong, fault.Field{Path: path + "number", Code: fault.InvalidValue, Message: "Name each part once."})
		}
		seen[part.Number] = true
		var ok bool
		if sums[i], ok = parseSHA256(part.SHA256); !ok {
			wrong = append(wrong, wrongSum(path+"sha256"))
		}
	}
	if wrong != nil {
		return nil, fault.Invalid(wrong...)
	}
	return sums, nil
}
