package report_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pixgate/internal/dev/amazon"
	"pixgate/internal/fault"
	"pixgate/internal/mail/report"
)

const (
	topic = amazon.Topic
	host  = amazon.Host
	file  = amazon.File
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

var bounce = amazon.Bounce("anna@kunde.example")

func notification(message string) map[string]string {
	return amazon.Notification("22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", message, noon)
}

// reader reads at noon what an Amazon posts.
func reader(a *amazon.Amazon) *report.Reader {
	return report.New(report.Options{Topics: []string{topic}, Fetch: a.Fetch, Now: func() time.Time { return noon }})
}

func with(p map[string]string, name, value string) map[string]string {
	p[name] = value
	return p
}

func TestReportsOfAmazonAreBelieved(t *testing.T) {
	t.Parallel()
	a := amazon.New(t, noon)
	r := reader(a)
	for name, post := range map[string]map[string]string{
		"version 2": notification(bounce), "version 1": with(notification(bounce), "SignatureVersion", "1"), "almost an hour old": with(notification(bounce), "Timestamp", noon.Add(-59*time.Minute).Format(time.RFC3339)),
	} {
		got, err := r.Read(t.Context(), a.Sign(t, post))
		if err != nil || got.ID != post["MessageId"] || !slices.Equal(got.Fates, []report.Fate{{Mailbox: "anna@kunde.example", Cause: report.Bounced}}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	withoutSubject := notification(bounce)
	delete(withoutSubject, "Subject")
	if _, err := r.Read(t.Context(), a.Sign(t, withoutSubject)); err != nil {
		t.Errorf("without a subject: %v", err)
	}
	if asked := a.Fetched(); len(asked) != 1 {
		t.Errorf("the certificate was fetched %d times: %q", len(asked), asked)
	}
}

// What SES writes, by its documentation.
func TestWhatReportsSay(t *testing.T) {
	t.Parallel()
	a := amazon.New(t, noon)
	r := reader(a)
	one := func(mailbox string, cause report.Cause) []report.Fate {
		return []report.Fate{{Mailbox: mailbox, Cause: cause}}
	}
	for message, want := range map[string][]report.Fate{
		bounce: one("anna@kunde.example", report.Bounced),
		`{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"OnAccountSuppressionList","bouncedRecipients":[{"emailAddress":"Anna <anna@kunde.example>"}]}}`: one("Anna <anna@kunde.example>", report.Bounced),
		`{"notificationType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"bert@kunde.example"}],"complaintFeedbackType":"abuse"}}`:                            one("bert@kunde.example", report.Complained),
		`{"eventType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"bert@kunde.example"}]}}`:                                                                   one("bert@kunde.example", report.Complained),
		`{"notificationType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"bert@kunde.example"}],"complaintFeedbackType":"not-spam"}}`:                         nil,
		`{"notificationType":"Bounce","bounce":{"bounceType":"Transient","bouncedRecipients":[{"emailAddress":"anna@kunde.example"}]}}`:                                            nil,
		`{"notificationType":"Bounce","bounce":{"bounceType":"Undetermined","bouncedRecipients":[{"emailAddress":"anna@kunde.example"}]}}`:                                         nil,
		`{"notificationType":"Delivery","delivery":{"recipients":["anna@kunde.example"]}}`:                                                                                         nil,
		`{"notificationType":"AmazonSnsSubscriptionSucceeded","message":"You have successfully subscribed your Amazon SNS topic."}`:                                                nil,
		"Successfully validated SNS topic for Amazon SES event publishing.":                                                                                                        nil,
	} {
		got, err := r.Read(t.Context(), a.Sign(t, notification(message)))
		if err != nil || !slices.Equal(got.Fates, want) {
			t.Errorf("%s: %v, %v", message, got.Fates, err)
		}
	}
}

func TestForgedReportsAreRefused(t *testing.T) {
	t.Parallel()
	a, mallory := amazon.New(t, noon), amazon.New(t, noon)
	evil := "https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-0badc0de.pem"
	a.Files[evil] = mallory.Files[file]
	tampered := func(name, value string) []byte {
		p := notification(bounce)
		a.Sign(t, p)
		p[name] = value
		body, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	for name, body := range map[string][]byte{
		"signed by somebody else":                mallory.Sign(t, notification(bounce)),
		"another message":                        tampered("Message", strings.Replace(bounce, "anna@", "bert@", 1)),
		"another id":                             tampered("MessageId", "another"),
		"another subject":                        tampered("Subject", "another"),
		"no signature":                           tampered("Signature", ""),
		"a signature that is no base64":          tampered("Signature", "!"),
		"version 1 of what was signed as 2":      tampered("SignatureVersion", "1"),
		"a version that is none":                 tampered("SignatureVersion", "3"),
		"a version left out":                     tampered("SignatureVersion", ""),
		"another type":                           tampered("Type", "UnsubscribeConfirmation"),
		"too old":                                a.Sign(t, with(notification(bounce), "Timestamp", noon.Add(-61*time.Minute).Format(time.RFC3339))),
		"of the future":                          a.Sign(t, with(notification(bounce), "Timestamp", noon.Add(time.Hour).Format(time.RFC3339))),
		"of no time":                             a.Sign(t, with(notification(bounce), "Timestamp", "yesterday")),
		"of another topic":                       a.Sign(t, with(notification(bounce), "TopicArn", "arn:aws:sns:eu-central-1:666666666666:bounces")),
		"of no topic":                            a.Sign(t, with(notification(bounce), "TopicArn", "")),
		"a certificate of another host":          mallory.Sign(t, with(notification(bounce), "SigningCertURL", evil)),
		"a certificate of a bucket":              mallory.Sign(t, with(notification(bounce), "SigningCertURL", "https://s3.amazonaws.com/evil/SimpleNotificationService-0badc0de.pem")),
		"a certificate of another region":        mallory.Sign(t, with(notification(bounce), "SigningCertURL", strings.Replace(file, "eu-central-1", "eu-west-1", 1))),
		"a certificate in clear":                 mallory.Sign(t, with(notification(bounce), "SigningCertURL", strings.Replace(file, "https", "http", 1))),
		"a certificate of another port":          mallory.Sign(t, with(notification(bounce), "SigningCertURL", strings.Replace(file, ".com/", ".com:8443/", 1))),
		"a certificate by a name":                mallory.Sign(t, with(notification(bounce), "SigningCertURL", strings.Replace(file, "https://", "https://evil.example@", 1))),
		"a certificate elsewhere on the host":    mallory.Sign(t, with(notification(bounce), "SigningCertURL", host+"/?Action=GetTopicAttributes")),
		"a certificate with a query":             mallory.Sign(t, with(notification(bounce), "SigningCertURL", file+"?x=1")),
		"a certificate of a path in other words": mallory.Sign(t, with(notification(bounce), "SigningCertURL", host+"/%53impleNotificationService-0badc0de.pem")),
		"a certificate of upper case":            mallory.Sign(t, with(notification(bounce), "SigningCertURL", strings.Replace(file, "amazonaws", "AMAZONAWS", 1))),
	} {
		a.Fetched()
		got, err := reader(a).Read(t.Context(), body)
		if !fault.Is(err, fault.Forbidden) || got.Fates != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		for _, url := range a.Fetched() {
			if url != file {
				t.Errorf("%s: had us fetch %s", name, url)
			}
		}
	}
	for name, body := range map[string]string{"nothing": "", "no JSON": "bounce", "two": "{}{}", "no post": "{}", "null": "null", "a list": "[]", "of another type": `{"Type":"Other","MessageId":"a"}`, "without an id": `{"Type":"Notification"}`} {
		if _, err := reader(a).Read(t.Context(), []byte(body)); !fault.Is(err, fault.ValidationFailed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCertificatesThatAreNotSNSsOfNow(t *testing.T) {
	t.Parallel()
	a := amazon.New(t, noon)
	for name, certificate := range map[string][]byte{
		"over": a.Certificate(t, noon.Add(-48*time.Hour), noon.Add(-time.Second), "sns.amazonaws.com"), "not yet": a.Certificate(t, noon.Add(time.Second), noon.Add(time.Hour), "sns.amazonaws.com"),
		"of another service": a.Certificate(t, noon.Add(-time.Hour), noon.Add(time.Hour), "s3.amazonaws.com"), "of another region": a.Certificate(t, noon.Add(-time.Hour), noon.Add(time.Hour), "sns.eu-west-1.amazonaws.com"),
		"none": []byte("<html>"), "a broken one": []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
	} {
		a.Files[file] = certificate
		if _, err := reader(a).Read(t.Context(), a.Sign(t, notification(bounce))); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	a.Files[file] = a.Certificate(t, noon.Add(-time.Hour), noon.Add(time.Hour), "sns.eu-central-1.amazonaws.com")
	if _, err := reader(a).Read(t.Context(), a.Sign(t, notification(bounce))); err != nil {
		t.Errorf("the region's own: %v", err)
	}
}

func TestSubscriptionsOfListedTopicsAreConfirmed(t *testing.T) {
	t.Parallel()
	const confirm = host + "/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=0badc0de"
	subscription := func(url string) map[string]string {
		p := with(with(with(notification("You have chosen to subscribe"), "Type", "SubscriptionConfirmation"), "Token", "0badc0de"), "SubscribeURL", url)
		delete(p, "Subject")
		return p
	}
	a := amazon.New(t, noon)
	if _, err := reader(a).Read(t.Context(), a.Sign(t, subscription(confirm))); err != nil || !slices.Contains(a.Fetched(), confirm) {
		t.Errorf("not confirmed: %v", err)
	}
	for _, url := range []string{
		"", "https://evil.example/?Action=ConfirmSubscription&TopicArn=" + topic, strings.Replace(confirm, "https", "http", 1), strings.Replace(confirm, "ConfirmSubscription", "DeleteTopic", 1),
		host + "/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-central-1:666666666666:bounces", host + "/other?Action=ConfirmSubscription&TopicArn=" + topic, "https://169.254.169.254/?Action=ConfirmSubscription&TopicArn=" + topic,
	} {
		a.Fetched()
		if _, err := reader(a).Read(t.Context(), a.Sign(t, subscription(url))); !fault.Is(err, fault.Forbidden) || slices.Contains(a.Fetched(), url) {
			t.Errorf("%s: %v", url, err)
		}
	}
	p := subscription(confirm)
	p["TopicArn"] = "arn:aws:sns:eu-central-1:666666666666:bounces"
	a.Fetched()
	if _, err := reader(a).Read(t.Context(), a.Sign(t, p)); !fault.Is(err, fault.Forbidden) || a.Fetched() != nil {
		t.Errorf("a topic of somebody else's: %v", err)
	}
}

func TestNothingIsBelievedWhileAmazonIsAway(t *testing.T) {
	t.Parallel()
	a := amazon.New(t, noon)
	a.Go(true)
	r := reader(a)
	if _, err := r.Read(t.Context(), a.Sign(t, notification(bounce))); !fault.Is(err, fault.Unavailable) {
		t.Errorf("away: %v", err)
	}
	a.Go(false)
	if _, err := r.Read(t.Context(), a.Sign(t, notification(bounce))); err != nil {
		t.Errorf("back: %v", err)
	}
	deaf := report.New(report.Options{Fetch: a.Fetch, Now: time.Now})
	if _, err := deaf.Read(t.Context(), a.Sign(t, notification(bounce))); !fault.Is(err, fault.Unavailable) {
		t.Errorf("no topic is listed: %v", err)
	}
}

// Whatever is posted, nobody but Amazon is asked, and nothing is believed.
func FuzzPosts(f *testing.F) {
	a := amazon.New(f, noon)
	f.Add(a.Sign(f, notification(bounce)))
	f.Add([]byte(`{"Type":"Notification","MessageId":"a","TopicArn":"` + topic + `","Timestamp":"2026-11-01T12:00:00Z","SigningCertURL":"` + file + `","SignatureVersion":"2"}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, body []byte) {
		strange := &amazon.Amazon{} // it has no certificate
		got, err := reader(strange).Read(t.Context(), body)
		if err == nil || got.Fates != nil {
			t.Errorf("%q is believed", body)
		}
		for _, url := range strange.Fetched() {
			if !strings.HasPrefix(url, host+"/SimpleNotificationService-") {
				t.Errorf("%q had us fetch %s", body, url)
			}
		}
	})
}
