package report

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // what SNS signs with unless the topic says otherwise
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"pixgate/internal/fault"
)

var (
	topicARN         = regexp.MustCompile(`^arn:aws(-[a-z]+)*:sns:([a-z]{2,}(?:-[a-z]+)+-[0-9]+):[0-9]{12}:[A-Za-z0-9_-]{1,256}$`)
	certificatePaths = regexp.MustCompile(`^/SimpleNotificationService-[0-9a-f]{1,64}\.pem$`)
)

// certificateHost returns Amazon's host in the topic's region, where a certificate's URL
// is there and nowhere else.
func certificateHost(certificateURL, topic string) (host string, ok bool) {
	parts := topicARN.FindStringSubmatch(topic)
	if parts == nil {
		return "", false
	}
	host = "sns." + parts[2] + ".amazonaws.com"
	if strings.HasPrefix(topic, "arn:aws-cn:") {
		host += ".cn"
	}
	u, err := url.Parse(certificateURL)
	ok = err == nil && u.Path != "" && certificatePaths.MatchString(u.Path) && certificateURL == "https://"+host+u.Path
	return host, ok
}

// verify checks the signature of a post with the certificate that it names.
func (r *Reader) verify(ctx context.Context, p post, host string) error {
	hash, sum := crypto.SHA256, []byte(nil)
	switch text := signed(p); p.SignatureVersion {
	case "1":
		digest := sha1.Sum([]byte(text)) //nolint:gosec // likewise; forging needs a second preimage, which SHA-1 withstands
		hash, sum = crypto.SHA1, digest[:]
	case "2":
		digest := sha256.Sum256([]byte(text))
		sum = digest[:]
	default:
		return fault.Refused()
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(p.Signature)
	if err != nil {
		return fault.Refused()
	}
	public, err := r.key(ctx, p.SigningCertURL, host)
	if err != nil {
		return err
	}
	if rsa.VerifyPKCS1v15(public, hash, sum, signature) != nil {
		return fault.Refused()
	}
	return nil
}

// signed is what SNS signs of a post.
func signed(p post) string {
	fields := []string{"Message", p.Message, "MessageId", p.MessageID}
	if p.Type == "Notification" {
		if p.Subject != nil {
			fields = append(fields, "Subject", *p.Subject)
		}
		fields = append(fields, "Timestamp", p.Timestamp, "TopicArn", p.TopicArn, "Type", p.Type)
	} else {
		fields = append(fields, "SubscribeURL", p.SubscribeURL, "Timestamp", p.Timestamp, "Token", p.Token, "TopicArn", p.TopicArn, "Type", p.Type)
	}
	return strings.Join(fields, "\n") + "\n"
}

// mostKeys is how many keys are kept: Amazon has one for each region at a time.
const mostKeys = 16

// keys are those read lately, by their URL.
type keys struct {
	mu    sync.Mutex
	known map[string]key
}

type key struct {
	public *rsa.PublicKey
	ends   time.Time // of its certificate
}

// key returns the key of a certificate. That Amazon gave it out TLS has proven, when it
// was fetched from Amazon's own host: the file holds none of those that signed it.
func (r *Reader) key(ctx context.Context, certificateURL, host string) (*rsa.PublicKey, error) {
	now := r.Now()
	r.keys.mu.Lock()
	known, ok := r.keys.known[certificateURL]
	r.keys.mu.Unlock()
	if ok && now.Before(known.ends) {
		return known.public, nil
	}
	file, err := r.Fetch(ctx, certificateURL)
	if err != nil {
		return nil, fault.Away("Amazon SNS", err)
	}
	certificate, err := readCertificate(file)
	if err != nil || now.Before(certificate.NotBefore) || !now.Before(certificate.NotAfter) ||
		!slices.Contains(certificate.DNSNames, "sns.amazonaws.com") && certificate.VerifyHostname(host) != nil {
		return nil, fault.Refused()
	}
	public, ok := certificate.PublicKey.(*rsa.PublicKey)
	if !ok || public.N.BitLen() < 2048 {
		return nil, fault.Refused()
	}
	r.keys.mu.Lock()
	defer r.keys.mu.Unlock()
	if len(r.keys.known) >= mostKeys {
		clear(r.keys.known)
	}
	r.keys.known[certificateURL] = key{public, certificate.NotAfter}
	return public, nil
}

func readCertificate(file []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(file)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("no certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}
