package blob

import (
	"encoding/base64"
	"strconv"
)

// Content is what a link for uploading is for: these bytes and no others. The store
// refuses a request whose headers say anything else, and a body that has another
// length or checksum than the headers say.
type Content struct {
	Type   string    // of an object; empty for a part
	Size   int64     // bytes
	SHA256 *[32]byte // nil: for a part in a store that does not judge it; see [Store.PartSum]
}

// Header is what the uploader has to send, as it stands here.
type Header struct{ Name, Value string }

// Headers are those that a link for c is signed with; Host and Content-Length, which
// every HTTP client sends by itself, are signed as well.
func (c Content) Headers() []Header {
	var all []Header
	if c.Type != "" {
		all = append(all, Header{"Content-Type", c.Type})
	}
	if c.SHA256 != nil {
		all = append(all, Header{"x-amz-checksum-sha256", base64.StdEncoding.EncodeToString(c.SHA256[:])})
	}
	return all
}

// AppendPut appends to dst the link that stores c under key. What lies there is
// replaced, so whoever asks for one must never read key as what it was before. For a
// key without an address nothing is appended; see [Batch.AppendGet].
func (b *Batch) AppendPut(dst []byte, key string, c Content) []byte {
	return b.appendPut(dst, key, c, "&x-id=PutObject")
}

// AppendPart appends to dst the link that stores c as part number (from 1) of the
// multipart upload of key that has this id.
func (b *Batch) AppendPart(dst []byte, key, uploadID string, number int, c Content) []byte {
	return b.appendPut(dst, key, c, "&partNumber="+strconv.Itoa(number)+"&uploadId="+string(appendEscaped(nil, uploadID, &queryChar))+"&x-id=UploadPart")
}

func (b *Batch) appendPut(dst []byte, key string, c Content, operation string) []byte {
	if !addressable(key) {
		return dst
	}
	names, lines := "content-length;", "content-length:"+strconv.FormatInt(c.Size, 10)+"\n"
	if c.Type != "" {
		names, lines = names+"content-type;", lines+"content-type:"+c.Type+"\n"
	}
	names, lines = names+"host", lines+"host:"+b.host+"\n"
	if c.SHA256 != nil {
		names, lines = names+";x-amz-checksum-sha256", lines+"x-amz-checksum-sha256:"+base64.StdEncoding.EncodeToString(c.SHA256[:])+"\n"
	}
	dst = append(dst, b.origin...)
	path := len(dst)
	dst = append(dst, b.bucket...)
	dst = appendEscaped(dst, key, &pathChar)
	query := len(dst)
	dst = append(dst, '?')
	dst = append(dst, b.query...)
	dst = appendEscaped(dst, names, &queryChar)
	dst = append(dst, operation...)

	canonical := append(b.canonical[:0], "PUT\n"...)
	canonical = append(canonical, dst[path:query]...)
	canonical = append(canonical, '\n')
	canonical = append(canonical, dst[query+len("?"):]...)
	canonical = append(canonical, '\n')
	canonical = append(canonical, lines...)
	canonical = append(canonical, '\n')
	canonical = append(canonical, names...)
	b.canonical = append(canonical, "\nUNSIGNED-PAYLOAD"...)
	return b.appendSignature(dst)
}
