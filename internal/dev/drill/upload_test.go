package drill_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/blob"
)

// uploadScript is the example that the documentation shows.
const uploadScript = "../../../docs/examples/upload.mjs"

// dock stands before the storage and writes down what was put where.
type dock struct {
	mu  sync.Mutex
	put map[string]int // taken by the storage, by key and part
}

// newDock puts a dock between everybody and the storage of a house that does not run yet.
func newDock(t *testing.T, h *house) *dock {
	t.Helper()
	target, err := url.Parse(h.bucket.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	d := &dock{put: map[string]int{}}
	passed := &httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0), FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		ModifyResponse: func(r *http.Response) error {
			if r.Request.Method == http.MethodPut && r.StatusCode == http.StatusOK && strings.Contains(r.Request.URL.Path, "/uploads/") {
				d.mu.Lock()
				defer d.mu.Unlock()
				d.put[r.Request.URL.Path+"#"+r.Request.URL.Query().Get("partNumber")]++
			}
			return nil
		},
	}
	s := httptest.NewUnstartedServer(passed)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	h.env["S3_ENDPOINT"] = s.URL
	h.env["RATE_LIMIT_UPLOAD"], h.env["CRON_LOCK_TTL_MS"] = "100000/1m", "10000"
	return d
}

// again is how often the storage took something that it had already.
func (d *dock) again() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, times := range d.put {
		n += times - 1
	}
	return n
}

// folder is pictures on somebody's disk: every fiftieth goes up in parts.
func folder(t *testing.T, many int) (dir string, sums map[string]string) {
	t.Helper()
	dir, sums = t.TempDir(), map[string]string{}
	for i := range many {
		canvas := image.NewRGBA(image.Rect(0, 0, 16, 16))
		for x := range 16 {
			for y := range 16 {
				canvas.Set(x, y, color.RGBA{uint8(i), uint8(x * 16), uint8(y * 16), 255})
			}
		}
		var file bytes.Buffer
		if err := jpeg.Encode(&file, canvas, nil); err != nil {
			t.Fatal(err)
		}
		data := file.Bytes()
		comment := fmt.Appendf([]byte{0xff, 0xfe, 0, 10}, "%08d", i)
		if i%50 == 0 { // 17 MiB of comments before the picture
			comment = bytes.Repeat(append([]byte{0xff, 0xfe, 0xff, 0xff}, bytes.Repeat([]byte{byte(i)}, 0xffff-2)...), 17<<20/0xffff)
		}
		data = slices.Concat(data[:2], comment, data[2:])
		name := fmt.Sprintf("Bild %03d.jpg", i)
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		sums[hex.EncodeToString(sum[:])] = name
	}
	return dir, sums
}

// node starts the example; its output is kept.
func (h *house) node(t *testing.T, dir string, said *transcript) *exec.Cmd {
	t.Helper()
	return h.nodeAt(t, "http://"+h.env["ADDR"], dir, said)
}

func (h *house) nodeAt(t *testing.T, api, dir string, said *transcript) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("node", uploadScript, dir, h.Package.PublicID())
	cmd.Env = append(os.Environ(), "PIXGATE_URL="+api, "PIXGATE_TOKEN="+h.Photographer.Token, "NODE_EXTRA_CA_CERTS="+h.env["SSL_CERT_FILE"])
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// arrived fails unless the job has exactly these pictures, byte by byte, and the storage
// nothing that no picture names.
func (h *house) arrived(t *testing.T, sums map[string]string) {
	t.Helper()
	rows, err := h.db.Owner.Query(t.Context(), `SELECT encode(sha256, 'hex'), filename, object_key, small_key, medium_key, position FROM image
		WHERE job_id = $1 AND object_key NOT LIKE 'tenants/test/%' ORDER BY position`, h.Package.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	store, wanted, missing, last := h.store(t), map[string]bool{}, maps.Clone(sums), -1
	for rows.Next() {
		var sum, name, original, small, medium string
		var position int
		if err := rows.Scan(&sum, &name, &original, &small, &medium, &position); err != nil {
			t.Fatal(err)
		}
		if missing[sum] != name {
			t.Errorf("%s is there once too often, or another picture", name)
		}
		delete(missing, sum)
		if position <= last {
			t.Errorf("%s has the place of another", name)
		}
		last = position
		wanted[original], wanted[small], wanted[medium] = true, true, true
		body, _, err := store.Get(t.Context(), original, blob.GetOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		hash := sha256.New()
		_, err = io.Copy(hash, body)
		body.Close()
		if hex.EncodeToString(hash.Sum(nil)) != sum || err != nil {
			t.Errorf("%s is not what was uploaded: %v", name, err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(missing) > 0 {
		t.Errorf("%d pictures are missing", len(missing))
	}
	orphans := func() (list []string) {
		for o, err := range store.List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			if !wanted[o.Key] && !strings.HasPrefix(o.Key, "audit/") {
				list = append(list, o.Key)
			}
		}
		for m, err := range store.Multiparts(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, m.Key+" in parts")
		}
		return list
	}
	sweep := h.app().with("Authorization", "Bearer "+h.env["CRON_SECRET"])
	var left []string
	eventually(t, "nothing that no picture names", patience, func() bool {
		// Until the lease of a server that was killed in the middle of a sweep has run out, none runs.
		if a, err := sweep.send(http.MethodPost, "/cron/sweep-uploads", nil, nil); err != nil || a.status > http.StatusAccepted {
			t.Fatalf("the sweep: %v, %v", a, err)
		}
		left = orphans()
		return len(left) == 0
	})
	if len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

func needsNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no node here")
	}
}

func TestTheExampleUploadsAFolder(t *testing.T) {
	t.Parallel()
	needsNode(t)
	h := newHouse(t)
	d := newDock(t, h)
	h.people(t)
	dir, sums := folder(t, 20)
	said := &transcript{}
	for range 2 { // the second time there is nothing to do
		if err := h.node(t, dir, said).Wait(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
	}
	if strings.Count(said.String(), "20 of 20 pictures are in the job.") != 2 {
		t.Errorf("it said: %s", said)
	}
	if n := d.again(); n != 0 {
		t.Errorf("%d objects or parts were sent twice", n)
	}
	h.arrived(t, sums)
}

// A studio that takes little: the example asks for no more, so that nobody gets an alert of it, and
// one that is told to come later, ten times in a row, does.
func TestTheExampleUploadsNoFasterThanTheServerTakes(t *testing.T) {
	t.Parallel()
	needsNode(t)
	h := newHouse(t)
	newDock(t, h)
	h.env["RATE_LIMIT_UPLOAD"] = "8/2s" // less than the busiest machine asks for
	h.people(t)
	var asked, refused, early atomic.Int64
	target, err := url.Parse("http://" + h.env["ADDR"])
	if err != nil {
		t.Fatal(err)
	}
	passed := &httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0),
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			asked.Add(1)
			if r.StatusCode == http.StatusTooManyRequests {
				refused.Add(1)
			}
			return nil
		},
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if early.Add(1) <= 10 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		passed.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	dir, sums := folder(t, 14)
	said := &transcript{}
	if err := h.nodeAt(t, front.URL, dir, said).Wait(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if !strings.Contains(said.String(), "14 of 14 pictures are in the job.") || !strings.Contains(said.String(), " s: the server takes about ") {
		t.Errorf("it said: %s", said)
	}
	if refused.Load() > asked.Load()/20 {
		t.Errorf("%d of %d requests were refused", refused.Load(), asked.Load())
	}
	t.Logf("%d of %d requests were refused", refused.Load(), asked.Load())
	h.arrived(t, sums)
}

// Whoever of them dies at whatever moment: every picture arrives once and whole.
func TestUploadsSurviveEverybodysDeath(t *testing.T) {
	t.Parallel()
	needsNode(t)
	h, pg := aloneEmpty(t)
	d := newDock(t, h)
	h.people(t)
	dir, sums := folder(t, 200)
	seed := uint64(time.Now().UnixNano())
	dice := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)

	said := &transcript{}
	client := h.node(t, dir, said)
	deaths := []string{"client", "server", "database", "client", "server", "database", "client", "server", "client"}
	for i, who := range deaths {
		time.Sleep(time.Duration(200+dice.IntN(900)) * time.Millisecond) // the moment is what is drawn
		switch who {
		case "client":
			_ = client.Process.Kill()
			_ = client.Wait()
			client = h.node(t, dir, said)
		case "server":
			h.kill()
			h.exec(t, "UPDATE task.river_job SET attempted_at = attempted_at - interval '10 minutes' WHERE state = 'running'")
			h.start(t)
		case "database":
			pg.Kill()
			restart(t, pg)
		}
		t.Logf("death %d: the %s's", i+1, who)
	}
	for tries := 0; ; tries++ {
		// What the last death cut off is taken up half a minute later; here, at once.
		h.exec(t, "UPDATE task.river_job SET attempted_at = attempted_at - interval '10 minutes' WHERE state = 'running' AND attempted_at < now() - interval '5 seconds'")
		err := client.Wait()
		if err == nil {
			break
		}
		if tries == 3 {
			t.Fatalf("%v\n%s", err, said)
		}
		client = h.node(t, dir, said)
	}
	// A client has three under way: each death costs no more than what was on its way.
	n := d.again()
	if n > 3*len(deaths) {
		t.Errorf("%d objects or parts were sent again", n)
	}
	t.Logf("%d objects or parts were sent again after %d deaths", n, len(deaths))
	h.arrived(t, sums)
}
