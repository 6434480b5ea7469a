package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Trial is what came of doing with a bucket once all that the server does with it.
type Trial struct {
	Clock time.Time // what the storage said the time was, in whole seconds; zero where it did not say

	Access error // writing, reading, listing, deleting; nil where all of it works
	Signed error // a signed link for downloading works, and one that was changed is refused
}

// Try writes a small object under key, which must be nobody else's, reads it directly and
// by a signed link, and removes it again. The errors name no secret and no link.
func (s *Store) Try(ctx context.Context, key string, now time.Time) Trial {
	const text = "pixgate check"
	var t Trial
	if _, err := s.Put(ctx, key, "text/plain", []byte(text)); err != nil {
		t.Access, t.Signed = err, errors.New("not tried: nothing could be written")
		return t
	}
	t.Signed = s.trySigned(ctx, key, text, now, &t.Clock)
	t.Access = errors.Join(s.tryRead(ctx, key, text), s.Delete(ctx, key))
	return t
}

func (s *Store) tryRead(ctx context.Context, key, text string) error {
	listed := false
	for object, err := range s.List(ctx, key) {
		if err != nil {
			return err
		}
		listed = listed || object.Key == key
	}
	if !listed {
		return errors.New("what was written is not listed")
	}
	body, _, err := s.Get(ctx, key, GetOptions{})
	if err != nil {
		return err
	}
	defer body.Close()
	if read, err := io.ReadAll(body); err != nil || string(read) != text {
		return errors.New("what was written is not what is read")
	}
	return nil
}

func (s *Store) trySigned(ctx context.Context, key, text string, now time.Time, clock *time.Time) error {
	batch, err := s.signer.At(now, time.Minute)
	if err != nil {
		return err
	}
	link := string(batch.AppendGet(nil, key, "", ""))
	status, body, header, err := s.plain(ctx, http.MethodGet, link, nil)
	if at, bad := http.ParseTime(header.Get("Date")); bad == nil {
		*clock = at
	}
	switch {
	case err != nil:
		return err
	case status != http.StatusOK || !bytes.Equal(body, []byte(text)):
		return fmt.Errorf("a signed link is answered with %d", status)
	}
	forged := strings.Replace(link, "X-Amz-Expires=60", "X-Amz-Expires=61", 1)
	if status, _, _, err = s.plain(ctx, http.MethodGet, forged, nil); err != nil {
		return err
	} else if status == http.StatusOK {
		return errors.New("a link that was changed after it was signed is answered all the same: is the bucket public?")
	}
	return nil
}

// Admits asks the storage, as a browser does before it uploads, whether pages of an origin
// may send a file to a signed link. It says what is missing from the bucket's CORS rule.
func (s *Store) Admits(ctx context.Context, origin string, now time.Time) error {
	batch, err := s.signer.At(now, time.Minute)
	if err != nil {
		return err
	}
	content := Content{Type: "image/jpeg", Size: 1, SHA256: new([32]byte)}
	var names []string
	for _, h := range content.Headers() {
		names = append(names, strings.ToLower(h.Name))
	}
	status, _, header, err := s.plain(ctx, http.MethodOptions, string(batch.AppendPut(nil, "cors", content)), http.Header{
		"Origin": {origin}, "Access-Control-Request-Method": {http.MethodPut}, "Access-Control-Request-Headers": {strings.Join(names, ",")},
	})
	if err != nil {
		return err
	}
	if allowed := header.Get("Access-Control-Allow-Origin"); status >= 300 || allowed != origin && allowed != "*" {
		return fmt.Errorf("the origin is not let in (HTTP %d)", status)
	}
	if !lists(header.Values("Access-Control-Allow-Methods"), http.MethodPut) {
		return errors.New("the method PUT is not let in")
	}
	for _, name := range names {
		if !lists(header.Values("Access-Control-Allow-Headers"), name) {
			return fmt.Errorf("the header %s is not let in", name)
		}
	}
	return nil
}

// lists reports whether a name is in lists of names, or everything is.
func lists(values []string, name string) bool {
	for _, value := range values {
		for one := range strings.SplitSeq(value, ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.EqualFold(one, name) {
				return true
			}
		}
	}
	return false
}

// plain sends what anybody can send: without our keys. What fails is told without the
// link, which is one.
func (s *Store) plain(ctx context.Context, method, link string, header http.Header) (status int, body []byte, told http.Header, err error) {
	r, err := http.NewRequestWithContext(ctx, method, link, http.NoBody)
	if err != nil {
		return 0, nil, nil, errors.New("the link can't be read")
	}
	for name, values := range header {
		r.Header[name] = values
	}
	answer, err := httpClient().Do(r)
	if err != nil {
		return 0, nil, nil, &opError{op: "link", kind: ErrUnavailable, cause: err}
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	if err != nil {
		return 0, nil, answer.Header, &opError{op: "link", kind: ErrUnavailable, cause: err}
	}
	return answer.StatusCode, body, answer.Header, nil
}
