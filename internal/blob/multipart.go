package blob

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// The least and the largest size of a part but the last, and how many there may be.
const (
	MinPart  = 5 << 20
	MaxPart  = 5 << 30
	MaxParts = 10_000
)

// Part is a part of a multipart upload that the store holds.
type Part struct {
	Number int // from 1
	Size   int64
	ETag   string
	sum    *string
}

// Multipart is a multipart upload that was begun and not ended.
type Multipart struct {
	Key, ID string
	Begun   time.Time
}

// judgesParts says whether the store at origin takes the SHA-256 of a part. R2 answers
// 501 to every part with such a header, whatever it says: see
// docs/decisions/0015-uploads.md.
func judgesParts(origin string) bool {
	return !strings.HasSuffix(origin, ".r2.cloudflarestorage.com")
}

// PartSum returns sum where the store judges the checksums of parts, and nil elsewhere.
func (s *Store) PartSum(sum [32]byte) *[32]byte {
	if !s.sums {
		return nil
	}
	return &sum
}

// Begin begins a multipart upload of key.
func (s *Store) Begin(ctx context.Context, key, contentType string) (uploadID string, err error) {
	if !addressable(key) {
		return "", fmt.Errorf("blob: begin: %w", ErrKey)
	}
	in := &s3.CreateMultipartUploadInput{Bucket: &s.bucket, Key: &key, ContentType: &contentType}
	if s.sums {
		in.ChecksumAlgorithm = types.ChecksumAlgorithmSha256
	}
	out, err := s.client.CreateMultipartUpload(ctx, in)
	if err != nil {
		return "", failure(ctx, "begin", ErrUnavailable, err)
	}
	if aws.ToString(out.UploadId) == "" {
		return "", &opError{op: "begin", kind: ErrUnavailable, brief: " (an answer without an id)"}
	}
	return *out.UploadId, nil
}

// Parts returns the parts that the store holds, by their numbers. ErrNotFound: there
// is no such multipart upload, or it has ended.
func (s *Store) Parts(ctx context.Context, key, uploadID string) ([]Part, error) {
	var all []Part
	pages := s3.NewListPartsPaginator(s.client, &s3.ListPartsInput{Bucket: &s.bucket, Key: &key, UploadId: &uploadID})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failure(ctx, "parts", ErrNotFound, err)
		}
		for _, p := range page.Parts {
			all = append(all, Part{Number: int(aws.ToInt32(p.PartNumber)), Size: aws.ToInt64(p.Size), ETag: quoted(p.ETag), sum: p.ChecksumSHA256})
		}
	}
	return all, nil
}

// Join makes the object of its parts. ErrNotFound: it has ended, perhaps by an
// earlier Join; ErrChanged: the parts are not those that the store holds, or too small.
func (s *Store) Join(ctx context.Context, key, uploadID string, parts []Part) error {
	list := make([]types.CompletedPart, len(parts))
	for i, p := range parts {
		list[i] = types.CompletedPart{PartNumber: aws.Int32(int32(p.Number)), ETag: &p.ETag, ChecksumSHA256: p.sum}
	}
	_, err := s.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &s.bucket, Key: &key, UploadId: &uploadID, MultipartUpload: &types.CompletedMultipartUpload{Parts: list},
	})
	if err != nil {
		return failure(ctx, "join", ErrNotFound, err)
	}
	return nil
}

// Drop ends a multipart upload and removes its parts. Dropping what has ended succeeds.
func (s *Store) Drop(ctx context.Context, key, uploadID string) error {
	_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: &key, UploadId: &uploadID})
	if err != nil {
		if err = failure(ctx, "drop", ErrNotFound, err); !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

// Multiparts walks the multipart uploads of keys that begin with prefix. It ends after
// the first error it yields.
func (s *Store) Multiparts(ctx context.Context, prefix string) iter.Seq2[Multipart, error] {
	return func(yield func(Multipart, error) bool) {
		pages := s3.NewListMultipartUploadsPaginator(s.client, &s3.ListMultipartUploadsInput{
			Bucket: &s.bucket, Prefix: &prefix, EncodingType: types.EncodingTypeUrl,
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(Multipart{}, failure(ctx, "multiparts", ErrUnavailable, err))
				return
			}
			for _, u := range page.Uploads {
				key := aws.ToString(u.Key)
				if page.EncodingType == types.EncodingTypeUrl {
					if key, err = url.QueryUnescape(key); err != nil {
						yield(Multipart{}, &opError{op: "multiparts", kind: ErrUnavailable, cause: err})
						return
					}
				}
				if !yield(Multipart{Key: key, ID: aws.ToString(u.UploadId), Begun: instant(u.Initiated)}, nil) {
					return
				}
			}
		}
	}
}
