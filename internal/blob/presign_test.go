package blob

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// sdkAt is the SDK's own signer with its clock in our hands. The S3 client
// makes its signer with the same option: S3 paths are escaped once, not twice.
type sdkAt struct {
	signer *v4.Signer
	now    time.Time
}

func (p sdkAt) PresignHTTP(ctx context.Context, c aws.Credentials, r *http.Request, payload, service, region string, _ time.Time, opts ...func(*v4.SignerOptions)) (string, http.Header, error) {
	return p.signer.PresignHTTP(ctx, c, r, payload, service, region, p.now, opts...)
}

type link struct{ key, disposition, contentType string }

func sdkURL(tb testing.TB, s *Store, client *s3.PresignClient, now time.Time, ttl time.Duration, l link) string {
	tb.Helper()
	in := &s3.GetObjectInput{Bucket: &s.bucket, Key: &l.key}
	if l.disposition != "" {
		in.ResponseContentDisposition = &l.disposition
	}
	if l.contentType != "" {
		in.ResponseContentType = &l.contentType
	}
	signed, err := client.PresignGetObject(tb.Context(), in, func(o *s3.PresignOptions) {
		o.Expires, o.Presigner = ttl, sdkAt{v4.NewSigner(func(so *v4.SignerOptions) { so.DisableURIPathEscaping = true }), now}
	})
	if err != nil {
		tb.Fatalf("sdk presign: %v", err)
	}
	return signed.URL
}

func testOptions() Options {
	return Options{
		Endpoint: "https://0123456789abcdef.r2.example.com", Region: "auto", Bucket: "pixgate",
		AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
	}
}

func open(tb testing.TB, opts Options) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), opts)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func batch(tb testing.TB, s *Store, now time.Time, ttl time.Duration) *Batch {
	tb.Helper()
	b, err := s.Presigner().At(now, ttl)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestPresignEqualsSDK(t *testing.T) {
	t.Parallel()
	keys := []string{
		"a", "a/b/c.jpg", "tenant/job/Küche & Süd (1).jpg", "mit Leerzeichen.jpg", "tab\tnewline\n.jpg", "Größe/🏡.webp",
		"100%.jpg", "100%25.jpg", "a+b c%2Bd.jpg", "/leading", "trailing/", "double//slash", "a/b%2Fc", "~tilde-_.!*'()",
		"?query=1&x-id=PutObject#fragment", `back\slash"quote"`, "$&,/:;=?@ <>{}|^`[]", "\xff\xfe no utf-8", "{Key+}", "{Bucket}/..jpg", "x..y/.z/...",
		strings.Repeat("sehr/lang/Ä ", 80), strings.Repeat("x", 1024),
	}
	names := []link{
		{}, {disposition: Attachment("Küche.jpg"), contentType: "image/jpeg"}, {disposition: Attachment(`a "quoted" name; x.jpg`)},
		{contentType: "image/svg+xml; charset=utf-8"}, {disposition: "inline", contentType: "image/webp"}, {disposition: Attachment(strings.Repeat("ü 🏡", 60))},
	}
	instants := []struct {
		now time.Time
		ttl time.Duration
	}{
		{time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), 5 * time.Minute},
		{time.Date(2026, 11, 21, 23, 59, 59, 999, time.UTC), time.Second},
		{time.Date(2028, 2, 29, 12, 30, 0, 0, time.UTC), 15 * time.Minute},
		{time.Date(2027, 1, 1, 0, 30, 0, 0, time.FixedZone("CET", 3600)), 90*time.Second + time.Millisecond},
	}
	endpoints := []string{
		"https://0123456789abcdef.r2.example.com", "http://127.0.0.1:9000", "https://S3.Example.com:443/", "http://s3.example.com:80", "https://[::1]:8443",
	}
	for i, endpoint := range endpoints {
		for _, region := range []string{"auto", "us-east-1"} {
			t.Run(region+" "+endpoint, func(t *testing.T) {
				t.Parallel()
				opts := testOptions()
				opts.Endpoint, opts.Region = endpoint, region
				s := open(t, opts)
				client := s3.NewPresignClient(s.client)
				for _, at := range instants {
					b := batch(t, s, at.now, at.ttl)
					for j, key := range keys {
						// Every key with every name once, over the endpoints.
						for _, l := range []link{names[(i+j)%len(names)], names[(i+j+3)%len(names)]} {
							l.key = key
							want := sdkURL(t, s, client, at.now, at.ttl, l)
							if got := string(b.AppendGet(nil, l.key, l.disposition, l.contentType)); got != want {
								t.Fatalf("key %q, name %q\nhave %s\nwant %s", l.key, l.disposition, got, want)
							}
						}
					}
				}
			})
		}
	}
}

// One signer serves both sides of midnight at once; each link bears its own
// day's signature.
func TestPresignAcrossMidnight(t *testing.T) {
	t.Parallel()
	s := open(t, testOptions())
	client := s3.NewPresignClient(s.client)
	midnight := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	done := make(chan string)
	for g := range 4 {
		at := midnight.Add(time.Duration(g%2) * -time.Second)
		want := sdkURL(t, s, client, at, time.Minute, link{key: "k"})
		go func() {
			bad := ""
			for range 200 {
				b, err := s.Presigner().At(at, time.Minute)
				if err != nil {
					bad = err.Error()
				} else if got := string(b.AppendGet(nil, "k", "", "")); got != want {
					bad = got
				}
			}
			done <- bad
		}()
	}
	for range 4 {
		if bad := <-done; bad != "" {
			t.Errorf("wrong link or error: %s", bad)
		}
	}
}

func TestPresignLife(t *testing.T) {
	t.Parallel()
	s := open(t, testOptions())
	for _, ttl := range []time.Duration{-time.Minute, 0, time.Second - 1, 15*time.Minute + 1, 24 * time.Hour} {
		if _, err := s.Presigner().At(time.Now(), ttl); err == nil {
			t.Errorf("a link of %v was allowed", ttl)
		}
	}
}

// A link for a key without an address of its own would list the bucket, or
// reach another object once a client has folded its dots away.
func TestPresignRefusesUnaddressableKeys(t *testing.T) {
	t.Parallel()
	b := batch(t, open(t, testOptions()), time.Now(), time.Minute)
	for _, key := range []string{"", "/", "//", ".", "..", "a/../b", "../other-bucket/x", "a/.", "./a", "a/.."} {
		if got := b.AppendGet([]byte("kept"), key, "", ""); string(got) != "kept" {
			t.Errorf("key %q got a link", key)
		}
	}
}

func TestPresignAppends(t *testing.T) {
	t.Parallel()
	b := batch(t, open(t, testOptions()), time.Now(), time.Minute)
	one := b.AppendGet(nil, "k", "d", "c")
	if got := b.AppendGet([]byte("before "), "k", "d", "c"); !bytes.Equal(got, append([]byte("before "), one...)) {
		t.Errorf("appended %s, alone %s", got, one)
	}
}

func TestPresignAllocatesNothing(t *testing.T) {
	b := batch(t, open(t, testOptions()), time.Now(), time.Minute)
	dst := make([]byte, 0, 4096)
	name := Attachment("Küche.jpg")
	if n := testing.AllocsPerRun(1000, func() {
		dst = b.AppendGet(dst[:0], "studio/0192f0c1/0192f0c2/Küche.jpg", name, "image/jpeg")
	}); n != 0 {
		t.Errorf("%v allocations a link, want none", n)
	}
}

func FuzzPresign(f *testing.F) {
	f.Add("tenant/job/Küche.jpg", Attachment("Küche.jpg"), "image/jpeg", int64(1_795_000_000), uint16(300))
	f.Add("a//b/%2F+ ", "inline", "", int64(0), uint16(1))
	f.Add("\x00\x7f\xff", "x\r\ny", "\"", int64(1<<33), uint16(900))
	s := open(f, testOptions())
	client := s3.NewPresignClient(s.client)
	f.Fuzz(func(t *testing.T, key, disposition, contentType string, unix int64, seconds uint16) {
		if !addressable(key) {
			t.Skip("has no link")
		}
		now := time.Unix(unix&(1<<36-1), 0)
		ttl := time.Duration(1+seconds%900) * time.Second
		got := string(batch(t, s, now, ttl).AppendGet(nil, key, disposition, contentType))
		if want := sdkURL(t, s, client, now, ttl, link{key, disposition, contentType}); got != want {
			t.Fatalf("\nhave %s\nwant %s", got, want)
		}
	})
}

func benchmarkLinks() (links []link) {
	for i := range 100 {
		links = append(links, link{
			key:         fmt.Sprintf("studio/originals/0192f0c1-7a3b-7c11-8f00-%012d.jpg", i),
			disposition: Attachment(fmt.Sprintf("Wohnzimmer Süd (%d).jpg", i)), contentType: "image/jpeg",
		})
	}
	return links
}

func BenchmarkPresign(b *testing.B) {
	s, links := open(b, testOptions()), benchmarkLinks()
	signer := batch(b, s, time.Now(), time.Minute)
	dst := make([]byte, 0, 4096)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		l := &links[i%len(links)]
		dst = signer.AppendGet(dst[:0], l.key, l.disposition, l.contentType)
	}
}

// BenchmarkPresignBatch is what one request pays for 100 links, start included.
func BenchmarkPresignBatch(b *testing.B) {
	s, links := open(b, testOptions()), benchmarkLinks()
	dst, now := make([]byte, 0, 128<<10), time.Now()
	b.ReportAllocs()
	for b.Loop() {
		signer := batch(b, s, now, time.Minute)
		dst = dst[:0]
		for i := range links {
			dst = signer.AppendGet(dst, links[i].key, links[i].disposition, links[i].contentType)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(links)), "ns/link")
}

func BenchmarkPresignSDK(b *testing.B) {
	for _, region := range []string{"auto", "us-east-1"} {
		b.Run(region, func(b *testing.B) {
			opts := testOptions()
			opts.Region = region
			s, links := open(b, opts), benchmarkLinks()
			client := s3.NewPresignClient(s.client)
			now := time.Now()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				sdkURL(b, s, client, now, time.Minute, links[i%len(links)])
			}
		})
	}
}

func BenchmarkAttachment(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Attachment("Wohnzimmer Süd (12).jpg")
	}
}
