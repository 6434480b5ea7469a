package picture

import "fmt"

// Code is the stable, machine-readable reason of a Refusal.
type Code string

// Why a file is refused.
const (
	Empty           Code = "EMPTY"            // no bytes at all
	NotAPicture     Code = "NOT_A_PICTURE"    // no image format we know
	UnsupportedType Code = "UNSUPPORTED_TYPE" // an image, but none we can deliver
	TooLarge        Code = "TOO_LARGE"        // more bytes than the limit
	TooManyPixels   Code = "TOO_MANY_PIXELS"  // more pixels than the limit
	Truncated       Code = "TRUNCATED"        // cut off or damaged
	Polyglot        Code = "POLYGLOT"         // something else hides behind the picture
)

// Refusal says why a file was not taken. Message may be shown to people; the
// cause, a decoder's own words, is for the log.
type Refusal struct {
	Code    Code
	Message string // one English sentence
	cause   error
}

// Error returns code and sentence.
func (r *Refusal) Error() string { return fmt.Sprintf("picture: %s: %s", r.Code, r.Message) }

// Unwrap returns the cause, where there is one.
func (r *Refusal) Unwrap() error { return r.cause }

var sentences = map[Code]string{
	Empty:           "The file is empty.",
	NotAPicture:     "This is not a picture: its content is no image format, whatever its name says.",
	UnsupportedType: "%s can't be delivered; please export it as JPEG, PNG or WebP.",
	TooLarge:        "The file is larger than the %d MiB that are allowed.",
	TooManyPixels:   "The picture has %d × %d pixels; %d million in all are allowed.",
	Truncated:       "The picture is incomplete or damaged and can't be opened.",
	Polyglot:        "There is foreign data behind the end of the picture; please export it anew.",
}

func refuse(code Code, cause error, args ...any) *Refusal {
	return &Refusal{Code: code, Message: fmt.Sprintf(sentences[code], args...), cause: cause}
}
