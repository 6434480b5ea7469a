package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// List walks all objects whose keys begin with prefix, in the store's order,
// page by page. It ends after the first error it yields.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		// Asked for as URL text, since XML can't carry every byte of a key.
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{
			Bucket: &s.bucket, Prefix: &prefix, EncodingType: types.EncodingTypeUrl,
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(Object{}, failure(ctx, "list", ErrUnavailable, err))
				return
			}
			for _, c := range page.Contents {
				key := aws.ToString(c.Key)
				if page.EncodingType == types.EncodingTypeUrl {
					if key, err = url.QueryUnescape(key); err != nil {
						yield(Object{}, &opError{op: "list", kind: ErrUnavailable, cause: err})
						return
					}
				}
				o := Object{Key: key, Size: aws.ToInt64(c.Size), ETag: quoted(c.ETag), LastModified: instant(c.LastModified)}
				if !yield(o, nil) {
					return
				}
			}
		}
	}
}

// GetOptions narrows a Get. The zero value reads the whole object.
type GetOptions struct {
	IfMatch string // the ETag the object must still have; empty for any
	Offset  int64  // first byte, from 0
	Length  int64  // bytes to read; 0 means to the end
}

// Get opens the object under key for reading; the caller closes the body. An
// object that ends before the range does is ErrChanged, one whose body breaks
// off is ErrUnavailable from Read.
//
// Keys that are empty or only slashes would address the bucket itself, and
// clients fold the path segments "." and ".." away: those are ErrKey, here and
// in Head, Put and Delete, and have no link either.
func (s *Store) Get(ctx context.Context, key string, opts GetOptions) (io.ReadCloser, Object, error) {
	in := &s3.GetObjectInput{Bucket: &s.bucket, Key: &key}
	if opts.IfMatch != "" {
		in.IfMatch = &opts.IfMatch
	}
	switch {
	case opts.Offset < 0 || opts.Length < 0:
		return nil, Object{}, fmt.Errorf("blob: get: offset %d and length %d must not be negative", opts.Offset, opts.Length)
	case opts.Length > 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", opts.Offset, opts.Offset+opts.Length-1))
	case opts.Offset > 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", opts.Offset))
	}
	if !addressable(key) {
		return nil, Object{}, fmt.Errorf("blob: get: %w", ErrKey)
	}
	out, err := s.client.GetObject(ctx, in)
	if err != nil {
		return nil, Object{}, failure(ctx, "get", ErrNotFound, err)
	}
	o := Object{
		Key: key, Size: aws.ToInt64(out.ContentLength), ETag: quoted(out.ETag),
		ContentType: aws.ToString(out.ContentType), LastModified: instant(out.LastModified),
	}
	if in.Range != nil {
		if o.Size, err = ranged(aws.ToString(out.ContentRange), opts); err != nil {
			out.Body.Close()
			return nil, Object{}, &opError{op: "get", kind: ErrChanged, cause: err}
		}
	}
	return &body{ReadCloser: out.Body, ctx: ctx}, o, nil
}

// ranged reads the whole object's size out of a Content-Range such as
// "bytes 10-19/200", and insists that the range is the one asked for.
func ranged(header string, opts GetOptions) (int64, error) {
	span, total, _ := strings.Cut(strings.TrimPrefix(header, "bytes "), "/")
	size, err := strconv.ParseInt(total, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("content range %q: %w", header, err)
	}
	last := size - 1
	if opts.Length > 0 {
		last = opts.Offset + opts.Length - 1
	}
	if want := fmt.Sprintf("%d-%d", opts.Offset, last); span != want {
		return 0, fmt.Errorf("content range %q instead of %s", header, want)
	}
	return size, nil
}

// body gives a broken transfer its kind.
type body struct {
	io.ReadCloser
	ctx context.Context
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = failure(b.ctx, "read", ErrUnavailable, err)
	}
	return n, err
}

// Head describes the object under key without reading it.
func (s *Store) Head(ctx context.Context, key string) (Object, error) {
	if !addressable(key) {
		return Object{}, fmt.Errorf("blob: head: %w", ErrKey)
	}
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return Object{}, failure(ctx, "head", ErrNotFound, err)
	}
	return Object{
		Key: key, Size: aws.ToInt64(out.ContentLength), ETag: quoted(out.ETag),
		ContentType: aws.ToString(out.ContentType), LastModified: instant(out.LastModified),
	}, nil
}

// Put stores data under key and replaces what was there. The data's SHA-256 is
// part of the signed request, which the SDK leaves out over TLS unless told: the
// store refuses what was damaged on the way.
func (s *Store) Put(ctx context.Context, key, contentType string, data []byte) (Object, error) {
	if !addressable(key) {
		return Object{}, fmt.Errorf("blob: put: %w", ErrKey)
	}
	out, err := s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &s.bucket, Key: &key, ContentType: &contentType,
		Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
	}, s3.WithAPIOptions(v4.RemoveComputePayloadSHA256Middleware, v4.AddComputePayloadSHA256Middleware))
	if err != nil {
		return Object{}, failure(ctx, "put", ErrUnavailable, err)
	}
	return Object{Key: key, Size: int64(len(data)), ETag: quoted(out.ETag), ContentType: contentType}, nil
}

// Delete removes the object under key. Deleting what is not there succeeds.
func (s *Store) Delete(ctx context.Context, key string) error {
	if !addressable(key) {
		return fmt.Errorf("blob: delete: %w", ErrKey)
	}
	if _, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key}); err != nil {
		if err = failure(ctx, "delete", ErrNotFound, err); !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

// addressable reports whether the URL made of key reaches that key and
// nothing else; see Get. It walks the path segments.
func addressable(key string) bool {
	named := false
	for rest := key; ; {
		segment, after, more := strings.Cut(rest, "/")
		if segment == "." || segment == ".." {
			return false
		}
		named = named || segment != ""
		if !more {
			return named
		}
		rest = after
	}
}

// quoted spells an ETag one way: some stores list it without its quotes.
func quoted(etag *string) string {
	v := aws.ToString(etag)
	if v == "" || strings.HasSuffix(v, `"`) {
		return v
	}
	return `"` + v + `"`
}

func instant(t *time.Time) time.Time { return aws.ToTime(t).UTC() }
