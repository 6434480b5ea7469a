// Package amazon is Amazon SNS as far as it signs: it posts what SES reports, with
// certificates of its own making.
package amazon

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // what SNS signs with unless the topic says otherwise
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// Topic is a topic.
	Topic = "arn:aws:sns:eu-central-1:123456789012:bounces"
	// Host is where its region answers.
	Host = "https://sns.eu-central-1.amazonaws.com"
	// File is where its certificate is.
	File = Host + "/SimpleNotificationService-0badc0de0badc0de0badc0de0badc0de.pem"
)

// Amazon signs posts, and gives out its certificate.
type Amazon struct {
	private *rsa.PrivateKey
	Files   map[string][]byte // by URL

	mu      sync.Mutex
	fetched []string
	away    bool
}

// New returns an Amazon whose certificate is good around a time.
func New(t testing.TB, now time.Time) *Amazon {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	a := &Amazon{private: private}
	a.Files = map[string][]byte{File: a.Certificate(t, now.Add(-time.Hour), now.Add(24*time.Hour), "sns.amazonaws.com")}
	return a
}

// Certificate makes one for its key.
func (a *Amazon) Certificate(t testing.TB, from, to time.Time, name string) []byte {
	t.Helper()
	template := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, a.private.Public(), a.private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// Fetch reads a file of Amazon's, and notes that it was asked for.
func (a *Amazon) Fetch(_ context.Context, url string) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fetched = append(a.fetched, url)
	if a.away {
		return nil, errors.New("away")
	}
	if strings.Contains(url, "Action=ConfirmSubscription") {
		return []byte("<ConfirmSubscriptionResponse/>"), nil
	}
	document, ok := a.Files[url]
	if !ok {
		return nil, errors.New("404")
	}
	return document, nil
}

// Fetched is what was asked for since the last call.
func (a *Amazon) Fetched() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked := a.fetched
	a.fetched = nil
	return asked
}

// Go sends Amazon away, or has it come back.
func (a *Amazon) Go(away bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.away = away
}

// Sign signs a post as Amazon's documentation tells, and writes it. It shares no line with
// what verifies it, and so no mistake.
func (a *Amazon) Sign(t testing.TB, p map[string]string) []byte {
	t.Helper()
	var text strings.Builder
	names := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if p["Type"] != "Notification" {
		names = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	for _, name := range names {
		if value, ok := p[name]; ok {
			text.WriteString(name + "\n" + value + "\n")
		}
	}
	kind, sum := crypto.SHA256, sha256.New()
	if p["SignatureVersion"] == "1" {
		kind, sum = crypto.SHA1, sha1.New() //nolint:gosec // likewise
	}
	sum.Write([]byte(text.String()))
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.private, kind, sum.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	p["Signature"] = base64.StdEncoding.EncodeToString(signature)
	body, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// Notification is a post that is not signed yet.
func Notification(messageID, message string, at time.Time) map[string]string {
	return map[string]string{
		"Type": "Notification", "MessageId": messageID, "TopicArn": Topic, "Message": message, "Subject": "Amazon SES Email Event Notification",
		"Timestamp": at.UTC().Format("2006-01-02T15:04:05.000Z"), "SignatureVersion": "2", "SigningCertURL": File, "UnsubscribeURL": Host + "/?Action=Unsubscribe",
	}
}

// Bounce is what SES says of a mailbox that refuses mail for good.
func Bounce(mailbox string) string {
	return `{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"` + mailbox +
		`","action":"failed","status":"5.1.1"}]},"mail":{"messageId":"m"}}`
}

// Complaint is what it says of a mailbox whose owner called a mail spam.
func Complaint(mailbox string) string {
	return `{"notificationType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"` + mailbox + `"}],"complaintFeedbackType":"abuse"}}`
}
