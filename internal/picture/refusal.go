package picture

import "fmt"

// Code is the stable, machine-readable reason of a Refusal.
type Code string

// Why a file is refused. This is the list of all reasons; beside each stands, in
// sentences, what its sender reads.
//
//	EMPTY                no bytes at all
//	NOT_A_PICTURE        no image format that we know: documents, scripts, SVG, archives, whatever their names
//	UNSUPPORTED_TYPE     an image, but none that we deliver: GIF, TIFF, camera raw, PSD, AVIF, …
//	HEIC                 an iPhone's format; docs/decisions/0011-only-pictures.md says why not
//	UNSUPPORTED_VARIANT  a JPEG, PNG or WebP of a kind that few programs open: 12 bits, lossless or arithmetic JPEG
//	ANIMATED             an animated PNG or WebP
//	TOO_LARGE            more bytes than Options.Bytes
//	TOO_MANY_PIXELS      more pixels than Options.Pixels, or than can be opened in this format
//	TOO_LABORIOUS        asks for work out of proportion: thousands of scans, segments or chunks
//	INFLATED             has notes or a colour profile that unpack to far more than such things need
//	TRUNCATED            cut off or damaged
//	POLYGLOT             something else hides in it or behind it, which other programs would see
const (
	Empty              Code = "EMPTY"
	NotAPicture        Code = "NOT_A_PICTURE"
	UnsupportedType    Code = "UNSUPPORTED_TYPE"
	HEIC               Code = "HEIC"
	UnsupportedVariant Code = "UNSUPPORTED_VARIANT"
	Animated           Code = "ANIMATED"
	TooLarge           Code = "TOO_LARGE"
	TooManyPixels      Code = "TOO_MANY_PIXELS"
	TooLaborious       Code = "TOO_LABORIOUS"
	Inflated           Code = "INFLATED"
	Truncated          Code = "TRUNCATED"
	Polyglot           Code = "POLYGLOT"
)

// sentences say what is the matter and what to do.
var sentences = map[Code]string{
	Empty:              "The file is empty. Upload it again.",
	NotAPicture:        "This is not a picture, whatever its name says. Export the picture as JPEG and upload it again.",
	UnsupportedType:    "%s can't be delivered. Export it as JPEG, PNG or WebP and upload it again.",
	HEIC:               "HEIC can't be delivered, since many clients can't open it. Export it as JPEG and upload it again; an iPhone takes JPEGs with Settings > Camera > Formats > Most Compatible.",
	UnsupportedVariant: "This kind of %s can't be delivered, since many programs can't open it. Export it as a plain JPEG with 8 bits a colour and upload it again.",
	Animated:           "Moving pictures can't be delivered. Export one picture of it as JPEG and upload that.",
	TooLarge:           "The file is larger than the %d MB that are allowed. Export it with a stronger compression and upload it again.",
	TooManyPixels:      "The picture has %d × %d pixels; saved as this %s at most %d million are allowed. Export it smaller, or as a JPEG that is not progressive, and upload it again.",
	TooLaborious:       "The picture is saved in a way that takes far too long to open. Export it as a plain JPEG, not progressive, and upload it again.",
	Inflated:           "The notes in this picture unpack to far more than they should. Export it as JPEG and upload it again.",
	Truncated:          "The picture is incomplete or damaged and can't be opened. Upload it again; if that does not help, export it anew.",
	Polyglot:           "There is other data in the file besides the picture. Export it as JPEG and upload it again.",
}

// Refusal says why a file was not taken. Message may be shown to people; the
// cause, a decoder's own words, is for the log.
type Refusal struct {
	Code    Code
	Message string // English sentences, for who sent the file
	cause   error
}

// Error returns code and sentences.
func (r *Refusal) Error() string { return fmt.Sprintf("picture: %s: %s", r.Code, r.Message) }

// Unwrap returns the cause, where there is one.
func (r *Refusal) Unwrap() error { return r.cause }

func refuse(code Code, cause error, args ...any) *Refusal {
	return &Refusal{Code: code, Message: fmt.Sprintf(sentences[code], args...), cause: cause}
}
