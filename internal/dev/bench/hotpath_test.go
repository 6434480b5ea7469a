package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/blob"
	"pixgate/internal/dev/bench"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/job"
)

// plainEnv makes this test binary the plain handler's process.
const plainEnv = "PIXGATE_BENCH_PLAIN_ADDR"

func TestMain(m *testing.M) {
	if addr := os.Getenv(plainEnv); addr != "" {
		servePlain(addr)
		return
	}
	if addr := os.Getenv(copyEnv); addr != "" {
		serveCopies(addr)
		return
	}
	os.Exit(m.Run())
}

func storeOptions() blob.Options {
	return blob.Options{Endpoint: "https://account.r2.example.com", Region: "auto", Bucket: "pictures", AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "a secret that opens nothing at all"}
}

// servePlain is the plain handler's process, until it is interrupted.
func servePlain(addr string) {
	pool, err := pgxpool.New(context.Background(), os.Getenv("DATABASE_URL"))
	if err == nil {
		var store *blob.Store
		if store, err = blob.Open(context.Background(), storeOptions()); err == nil {
			err = http.ListenAndServe(addr, &bench.Plain{DB: pool, Signer: store.Presigner()})
		}
	}
	panic(err)
}

// scene is a server, a plain handler and a gallery of a hundred pictures.
type scene struct {
	who          *cast.Person
	gallery      string // id of the job
	server, bare *bench.Process
}

func newScene(b *testing.B) *scene {
	b.Helper()
	db := stage.Database(b)
	c := cast.New(b, db.Owner)
	for i := len(cast.States); i < 101; i++ {
		c.Image(b, c.TenantID, c.All.ID, i, job.Included)
	}
	c.Exec(b, "UPDATE image SET selection_state = 'INCLUDED', delivered_at = now(), filename = 'Villa am See ' || position || '.jpg' WHERE job_id = $1", c.All.ID)
	c.Exec(b, "ANALYZE")
	s := &scene{who: c.Owner, gallery: c.All.PublicID()}
	s.server = startServer(b, db)
	s.bare = startPlain(b, db)
	return s
}

func addr(b *testing.B) string {
	b.Helper()
	free, err := bench.FreeAddr()
	if err != nil {
		b.Fatal(err)
	}
	return free
}

func startServer(b *testing.B, db *stage.DB, more ...string) *bench.Process {
	b.Helper()
	binary := filepath.Join(b.TempDir(), "pixgate")
	if out, err := exec.Command("go", "build", "-o", binary, "pixgate").CombinedOutput(); err != nil {
		b.Fatalf("build the server: %v\n%s", err, out)
	}
	at, store := addr(b), storeOptions()
	p, err := bench.Start("http://"+at, "/healthz", append([]string{
		"APP_ENV=development", "LOG_LEVEL=info", "ADDR=" + at, "PUBLIC_URLS=http://" + at, "METRICS_ADDR=127.0.0.1:0",
		"DATABASE_URL=" + db.URL, "MIGRATE_DATABASE_URL=" + db.OwnerURL,
		"S3_ENDPOINT=" + store.Endpoint, "S3_REGION=" + store.Region, "S3_BUCKET=" + store.Bucket, "S3_ACCESS_KEY_ID=" + store.AccessKeyID, "S3_SECRET_ACCESS_KEY=" + store.SecretAccessKey,
		"SES_ENDPOINT=http://127.0.0.1:9", "SES_ACCESS_KEY_ID=id", "SES_SECRET_ACCESS_KEY=key", "MAIL_FROM=pix.immo <no-reply@pix.immo>",
		"OTP_SECRET=otp-Q2hlY2sgdGhpcyBvbmUgb3V0LCBsb25n", "AUDIT_SECRET=audit-V2hhdCBhIG5pY2Ugc2VjcmV0IHRoaXM",
		"TICKET_SECRET=ticket-T25lIG1vcmUgb2YgdGhlc2UgdGhpbmdz", "CSRF_SECRET=csrf-V2hvIHdyb3RlIHRoaXMgbGV0dGVyIHRo",
	}, more...), binary)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(p.Stop)
	return p
}

func startPlain(b *testing.B, db *stage.DB) *bench.Process {
	b.Helper()
	at := addr(b)
	p, err := bench.Start("http://"+at, "/", []string{plainEnv + "=" + at, "DATABASE_URL=" + db.URL}, os.Args[0])
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(p.Stop)
	return p
}

func (s *scene) graphql() (*http.Request, error) {
	body, err := json.Marshal(map[string]any{"query": bench.HotPath, "variables": map[string]any{"id": s.gallery}})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodPost, s.server.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json")
	r.Header.Set("Authorization", "Bearer "+s.who.Token)
	return r, nil
}

func (s *scene) plain() (*http.Request, error) {
	r, err := http.NewRequest(http.MethodGet, s.bare.URL+"/"+s.gallery, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+s.who.Token)
	return r, nil
}

var signedAt = regexp.MustCompile(`X-Amz-(Date|Signature)=[0-9A-Za-z]+`)

// body asks once and returns the answer, without what changes by the second.
func body(b *testing.B, make func() (*http.Request, error)) (whole int, steady string) {
	b.Helper()
	r, err := make()
	if err != nil {
		b.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	return len(read), signedAt.ReplaceAllString(string(read), "")
}

// BenchmarkHotPath measures the server's CPU a request beside the plain handler's,
// in turns within one run: x-cpu is the ratio.
func BenchmarkHotPath(b *testing.B) {
	s := newScene(b)
	size, ours := body(b, s.graphql)
	if plainSize, plain := body(b, s.plain); plainSize != size || plain != ours {
		b.Fatalf("the answers differ:\n%.2000s\n%.2000s", ours, plain)
	}
	if n := strings.Count(ours, `"downloadUrl":"https://`); n != 100 {
		b.Fatalf("%d links, want 100", n)
	}
	const connections, round = 4, 400
	var server, plain []bench.Measure
	for range 6 { // the first round warms up
		for _, one := range []struct {
			process *bench.Process
			make    func() (*http.Request, error)
			into    *[]bench.Measure
		}{{s.server, s.graphql, &server}, {s.bare, s.plain, &plain}} {
			m, err := bench.Load(one.process, round, connections, size, one.make)
			if err != nil {
				b.Fatal(err)
			}
			*one.into = append(*one.into, m)
		}
	}
	a, z := bench.Mean(server[1:]), bench.Mean(plain[1:])
	b.Logf("server: CPU %v, p50 %v, p99 %v a request; plain: CPU %v, p50 %v, p99 %v; %d bytes", a.CPU, a.P50, a.P99, z.CPU, z.P50, z.P99, size)
	b.ReportMetric(float64(a.CPU)/float64(z.CPU), "x-cpu")
	b.ReportMetric(float64(a.CPU.Microseconds()), "cpu-us/req")
	b.ReportMetric(float64(z.CPU.Microseconds()), "plain-cpu-us/req")
	b.ReportMetric(float64(a.P50)/float64(time.Millisecond), "p50-ms")
	b.ReportMetric(float64(a.P99)/float64(time.Millisecond), "p99-ms")
	b.ReportMetric(float64(z.P50)/float64(time.Millisecond), "plain-p50-ms")
	b.ReportMetric(float64(z.P99)/float64(time.Millisecond), "plain-p99-ms")
	b.ReportMetric(0, "ns/op") // one run is the whole measurement
}
