package blob

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// The life of a download link: minutes, not days.
const (
	MinTTL = time.Second
	MaxTTL = 15 * time.Minute
)

// Signer makes links for downloading objects: AWS Signature Version 4 in the
// query, byte for byte what the SDK's presigner makes, which takes a hundred
// times as long over each. It is safe for use by many goroutines.
type Signer struct {
	origin string // scheme://host/bucket/
	host   string
	region string
	id     string
	secret string
	today  atomic.Pointer[dayKey]
}

// dayKey is the signing key that one UTC day's links share.
type dayKey struct {
	day string // yyyymmdd
	key []byte
}

func newSigner(origin string, opts Options) *Signer {
	_, host, _ := strings.Cut(origin, "://")
	return &Signer{
		origin: origin + "/" + opts.Bucket + "/", host: host,
		region: opts.Region, id: opts.AccessKeyID, secret: opts.SecretAccessKey,
	}
}

// At starts a batch of links that work from now on, until ttl (whole seconds,
// from MinTTL to MaxTTL) is over.
func (s *Signer) At(now time.Time, ttl time.Duration) (*Batch, error) {
	if ttl < MinTTL || ttl > MaxTTL {
		return nil, fmt.Errorf("blob: a link lives from %v to %v, not %v", MinTTL, MaxTTL, ttl)
	}
	stamp := now.UTC().Format("20060102T150405Z")
	day := stamp[:8]
	scope := day + "/" + s.region + "/s3/aws4_request"
	b := &Batch{
		origin: s.origin,
		query: "?X-Amz-Algorithm=AWS4-HMAC-SHA256" +
			"&X-Amz-Credential=" + string(appendEscaped(nil, s.id+"/"+scope, false)) +
			"&X-Amz-Date=" + stamp +
			"&X-Amz-Expires=" + strconv.Itoa(int(ttl/time.Second)) +
			"&X-Amz-SignedHeaders=host",
		tail: "\nhost:" + s.host + "\n\nhost\nUNSIGNED-PAYLOAD",
		task: []byte("AWS4-HMAC-SHA256\n" + stamp + "\n" + scope + "\n"),
		mac:  hmac.New(sha256.New, s.dayKey(day)),
	}
	b.bucket = len(b.origin) - len("/") - strings.IndexByte(b.origin[len("https://"):], '/')
	return b, nil
}

func (s *Signer) dayKey(day string) []byte {
	if k := s.today.Load(); k != nil && k.day == day {
		return k.key
	}
	key := []byte("AWS4" + s.secret)
	for _, step := range []string{day, s.region, "s3", "aws4_request"} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(step))
		key = mac.Sum(nil)
	}
	s.today.Store(&dayKey{day: day, key: key})
	return key
}

// Batch signs links of one instant. It reuses its buffers: one goroutine at a
// time, and no allocation a link once they have grown.
type Batch struct {
	origin string
	bucket int    // where in origin the path begins
	query  string // what all links of the batch have in their query
	tail   string // what all canonical requests end with
	task   []byte // what all strings to sign begin with

	mac       hash.Hash
	canonical []byte
	sum       [sha256.Size]byte
}

// AppendGet appends to dst the link that downloads the object under key. The
// store answers with the Content-Disposition (see Attachment) and Content-Type
// given here; an empty one is left to the store. Method, host, key, expiry and
// both answers are signed: a link changed in any of them is refused.
//
// For a key without an address of its own (see Get) nothing is appended: a
// link made of an empty key would list the bucket.
func (b *Batch) AppendGet(dst []byte, key, disposition, contentType string) []byte {
	if !addressable(key) {
		return dst
	}
	start := len(dst)
	dst = append(dst, b.origin...)
	dst = appendEscaped(dst, key, true)
	query := len(dst) + len("?")
	dst = append(dst, b.query...)
	if disposition != "" {
		dst = append(dst, "&response-content-disposition="...)
		dst = appendEscaped(dst, disposition, false)
	}
	if contentType != "" {
		dst = append(dst, "&response-content-type="...)
		dst = appendEscaped(dst, contentType, false)
	}
	dst = append(dst, "&x-id=GetObject"...)

	c := append(b.canonical[:0], "GET\n"...)
	c = append(c, dst[start+b.bucket:query-len("?")]...)
	c = append(c, '\n')
	c = append(c, dst[query:]...)
	c = append(c, b.tail...)
	b.canonical = c

	request := sha256.Sum256(c)
	task := hex.AppendEncode(b.task, request[:])
	b.task = task[:len(b.task)] // keeps what append has grown
	b.mac.Reset()
	b.mac.Write(task)
	dst = append(dst, "&X-Amz-Signature="...)
	return hex.AppendEncode(dst, b.mac.Sum(b.sum[:0]))
}

// appendEscaped appends s as SigV4 wants it in a URL: all but the unreserved
// characters of RFC 3986 as %XX, slashes kept in paths.
func appendEscaped(dst []byte, s string, path bool) []byte {
	const digits = "0123456789ABCDEF"
	plain := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; !unreserved[c] && (c != '/' || !path) {
			dst = append(dst, s[plain:i]...)
			dst = append(dst, '%', digits[c>>4], digits[c&15])
			plain = i + 1
		}
	}
	return append(dst, s[plain:]...)
}

var unreserved = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") {
		set[c] = true
	}
	return set
}()
