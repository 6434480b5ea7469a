// Package blob is object storage over S3: it lists, reads and writes the
// objects of one bucket, and signs short-lived links for downloading them.
// It decides nothing: whoever asks it for an object or a link has judged
// before whether it may leave.
//
// It speaks the part of S3 that Cloudflare R2, AWS and the embedded server
// share: path-style addresses, checksums only where the protocol demands them.
package blob

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Options says which bucket to use and as whom. All fields are required.
type Options struct {
	Endpoint        string // scheme, host and port, such as https://ACCOUNT.r2.cloudflarestorage.com
	Region          string // such as auto (R2) or eu-central-1
	Bucket          string // 3 to 63 of a-z, 0-9, dot and hyphen
	AccessKeyID     string
	SecretAccessKey string
}

// Store is one bucket. It is safe for use by many goroutines.
type Store struct {
	client *s3.Client
	bucket string
	signer *Signer
	sums   bool // whether the store takes and judges the SHA-256 of a part
}

// Object describes what the store holds under a key.
type Object struct {
	Key          string
	Size         int64  // bytes of the whole object, also where only a range was read
	ETag         string // in quotes, fit for If-Match; opaque
	ContentType  string // empty in listings
	LastModified time.Time
}

// Open makes a Store. It validates opts and sends nothing: use Ping to learn
// whether the bucket answers. The error names settings, never their values.
func Open(_ context.Context, opts Options) (*Store, error) {
	origin, err := opts.origin()
	if err != nil {
		return nil, err
	}
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(origin),
		Region:       opts.Region,
		UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: opts.AccessKeyID, SecretAccessKey: opts.SecretAccessKey}, nil
		}),
		HTTPClient: httpClient(),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 3
			o.MaxBackoff = 300 * time.Millisecond // somebody waits; tasks try again later by themselves
		}),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
	return &Store{client: client, bucket: opts.Bucket, signer: newSigner(origin, opts), sums: judgesParts(origin)}, nil
}

// origin validates the options and returns the endpoint in the one spelling
// that requests and signatures share: no path, and no port where it is the
// scheme's own, since HTTP clients leave that one out of the signed Host.
func (o Options) origin() (string, error) {
	var errs []error
	u, err := url.Parse(o.Endpoint)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" ||
		u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		errs = append(errs, errors.New("endpoint must be an http or https URL of a host, without path, query or credentials"))
	}
	if !made(o.Region, "abcdefghijklmnopqrstuvwxyz0123456789-") {
		errs = append(errs, errors.New("region must be letters, digits and hyphens"))
	}
	if len(o.Bucket) < 3 || len(o.Bucket) > 63 || !made(o.Bucket, "abcdefghijklmnopqrstuvwxyz0123456789-.") || strings.Contains(o.Bucket, "..") {
		errs = append(errs, errors.New("bucket must be 3 to 63 lower-case letters, digits, dots and hyphens"))
	}
	if o.AccessKeyID == "" || o.SecretAccessKey == "" {
		errs = append(errs, errors.New("access key id and secret access key are required"))
	}
	if len(errs) > 0 {
		return "", fmt.Errorf("blob: %w", errors.Join(errs...))
	}
	host := strings.ToLower(u.Host)
	if p := u.Port(); p == "" || (u.Scheme == "https" && p == "443") || (u.Scheme == "http" && p == "80") {
		host = strings.TrimSuffix(host, ":"+p)
	}
	return u.Scheme + "://" + host, nil
}

func made(s, of string) bool { return s != "" && strings.Trim(s, of) == "" }

// httpClient gives up on a store that does not answer, keeps connections for
// the next request, and hands bodies over as they are stored: without
// DisableCompression the transport would unpack objects behind our back. A
// body may take as long as its reader's context allows.
func httpClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = 5 * time.Second }).
		WithTransportOptions(func(t *http.Transport) {
			t.TLSHandshakeTimeout = 5 * time.Second
			t.ResponseHeaderTimeout = 20 * time.Second
			t.MaxIdleConns = 256
			t.MaxIdleConnsPerHost = 64
			t.IdleConnTimeout = 90 * time.Second
			t.DisableCompression = true
		})
}

// Presigner returns the bucket's signer of download links.
func (s *Store) Presigner() *Signer { return s.signer }

// Ping reports whether the bucket answers and lets us in: nil or ErrUnavailable.
func (s *Store) Ping(ctx context.Context) error {
	if _, err := s.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.bucket}); err != nil {
		return failure(ctx, "ping", ErrUnavailable, err)
	}
	return nil
}
