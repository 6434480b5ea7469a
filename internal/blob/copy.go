package blob

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Copy makes the object under to a copy of the one under from, within the store,
// as long as that still has the ETag ifMatch; else ErrChanged. The copy keeps the
// content type.
func (s *Store) Copy(ctx context.Context, from, to, ifMatch string) (Object, error) {
	if !addressable(from) || !addressable(to) {
		return Object{}, fmt.Errorf("blob: copy: %w", ErrKey)
	}
	source := s.bucket + "/" + string(appendEscaped(nil, from, &pathChar))
	out, err := s.client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &s.bucket, Key: &to, CopySource: &source, CopySourceIfMatch: &ifMatch})
	if err != nil {
		return Object{}, failure(ctx, "copy", ErrNotFound, err)
	}
	if out.CopyObjectResult == nil {
		return Object{}, &opError{op: "copy", kind: ErrUnavailable, brief: " (an answer without a result)"}
	}
	return Object{Key: to, ETag: quoted(out.CopyObjectResult.ETag)}, nil
}
