package account_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/internal/secret"
)

// studios are those of an empty database, as the server's role makes them.
func studios(t *testing.T, lax bool) (*account.Studios, *stage.DB) {
	t.Helper()
	db := stage.Database(t)
	log := audit.NewLog(secret.NewRing("a key of the tests, long enough for it", ""), time.Now)
	return account.NewStudios(db.Pool, log, time.Now, lax), db
}

// assigned reads "name=text" words.
func assigned(words ...string) (all []account.Assignment) {
	for _, word := range words {
		name, text, _ := strings.Cut(word, "=")
		all = append(all, account.Assignment{Name: name, Text: text})
	}
	return all
}

// shown are a studio's settings by name, as the database has them.
func shown(t *testing.T, db *stage.DB, slug string) map[string]string {
	t.Helper()
	studio, err := account.NewTenants(db.Pool, "", time.Now).BySlug(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, setting := range account.Settings {
		all[setting.Name] = setting.Show(studio)
	}
	return all
}

func TestASettingReadsBackAsItWasGiven(t *testing.T) {
	t.Parallel()
	s, db := studios(t, false)
	if _, err := s.Add(t.Context(), "nord", nil); err != nil {
		t.Fatal(err)
	}
	for setting, texts := range map[string][]string{
		"name":              {"Büro Nord & Söhne", "x", strings.Repeat("ü", 100)},
		"hosts":             {"api.nord.test", "api.nord.test,xn--bcher-kva.test", ""},
		"origins":           {"https://nord.test", "https://nord.test,https://www.nord.test:8443", ""},
		"sender":            {`"Büro Nord" <no-reply@nord.test>`, `"Nord, Ost" <no-reply@nord.test>`, "<no-reply@nord.test>", ""},
		"locale":            {"en", "de"},
		"time-zone":         {"America/New_York", "UTC", "Europe/Vienna"},
		"sign-up":           {"closed", "open"},
		"forget-after-days": {"90", "36500", ""},
		"device-policy":     {"refuse", "replace-oldest"},
		"watermark":         {"© Büro Nord", ""},
		"upload-job-images": {"0", "100000"},
		"upload-job-gib":    {"0", "1048576"},
		"upload-studio-gib": {"", "0", "1048576"},
	} {
		for _, text := range texts {
			if _, _, err := s.Set(t.Context(), "nord", assigned(setting+"="+text)); err != nil {
				t.Errorf("%s=%s: %v", setting, text, err)
				continue
			}
			got := shown(t, db, "nord")[setting]
			if got != text {
				t.Errorf("%s=%s reads back as %s", setting, text, got)
			}
			if _, changed, err := s.Set(t.Context(), "nord", assigned(setting+"="+got)); err != nil || len(changed) > 0 {
				t.Errorf("%s: what is shown can't be set: changed %q, %v", setting, changed, err)
			}
		}
	}
	for _, setting := range account.Settings {
		if setting.Meaning == "" {
			t.Errorf("nobody learns what %s is", setting.Name)
		}
	}
}

// Every one of these would be another origin than it seems, or several, or would never
// be what a browser sends.
func TestASettingThatCanNotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	s, db := studios(t, false)
	if _, err := s.Add(t.Context(), "nord", nil); err != nil {
		t.Fatal(err)
	}
	before := shown(t, db, "nord")
	for _, word := range []string{
		"name=", "name= ", "name=" + strings.Repeat("n", 101), "name=two\nlines", "name=\xff",
		"hosts=*", "hosts=*.nord.test", "hosts=API.nord.test", "hosts=api.nord.test:443", "hosts=https://api.nord.test", "hosts=api.nord.test.", "hosts=api.nord.test,", "hosts=,", "hosts=api.nord.test,api.nord.test",
		"hosts=bücher.test", "hosts=localhost", "hosts=127.0.0.1", "hosts=[::1]", "hosts=api nord.test", "hosts=nord",
		"origins=*", "origins=null", "origins=nord.test", "origins=http://nord.test", "origins=https://nord.test/", "origins=https://nord.test#", "origins=https://nord.test?", "origins=https://*.nord.test", "origins=https://Nord.test", "origins=HTTPS://nord.test",
		"origins=https://nord.test:443", "origins=https://nord.test:", "origins=https://nord.test:08443", "origins=https://nord.test:0", "origins=https://nord.test:99999", "origins=https://a@nord.test", "origins=https://nord.test.", "origins=https://[::1]", "origins=https://localhost", "origins=https://bücher.test", "origins=ftp://nord.test", "origins=https://nord.test,https://nord.test", "origins=//nord.test", "origins=https://nord.test\\evil.test",
		"sender=nord.test", "sender=a@nord.test, b@nord.test", "sender=Nord <a@nord.test>\r\nBcc: b@nord.test", "sender=Nord <a@localhost>",
		"locale=fr", "locale=", "locale=DE", "time-zone=", "time-zone=Local", "time-zone=Mars/Olympus", "time-zone=../../etc/passwd", "time-zone=CET+1",
		"sign-up=yes", "sign-up=", "forget-after-days=0", "forget-after-days=89", "forget-after-days=36501", "forget-after-days=-1", "forget-after-days=90.5", "forget-after-days=never",
		"watermark=" + strings.Repeat("ä", 41), "device-policy=", "device-policy=REFUSE", "upload-job-images=", "upload-job-images=-1", "upload-job-images=100001", "upload-job-gib=1.5", "upload-job-gib=1048577", "upload-studio-gib=none",
		"slug=other", "id=1", "Name=x",
	} {
		if _, _, err := s.Set(t.Context(), "nord", assigned("locale=en", word)); err == nil {
			t.Errorf("%q is taken", word)
		}
		if _, err := s.Add(t.Context(), "another", assigned(word)); err == nil {
			t.Errorf("a studio with %q is made", word)
		}
	}
	if _, _, err := s.Set(t.Context(), "nord", assigned("locale=en", "locale=de")); err == nil {
		t.Error("one setting is given twice")
	}
	for _, slug := range []string{"", "Nord", "1nord", "nord ost", "nörd", strings.Repeat("n", 33), "../nord", "nord/"} {
		if _, err := s.Add(t.Context(), slug, nil); err == nil {
			t.Errorf("%q names a studio", slug)
		}
	}
	if _, err := s.Add(t.Context(), "nord", nil); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second studio nord: %v", err)
	}
	if _, _, err := s.Set(t.Context(), "sued", assigned("locale=en")); err == nil || !strings.Contains(err.Error(), "no studio") {
		t.Errorf("an unknown studio: %v", err)
	}
	if after := shown(t, db, "nord"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("what was refused has changed %v to %v", before, after)
	}
}

func TestDevelopmentMayHaveWhatProductionMayNot(t *testing.T) {
	t.Parallel()
	s, db := studios(t, true)
	if _, err := s.Add(t.Context(), "nord", assigned("hosts=localhost,127.0.0.1", "origins=http://localhost:5173,http://nord.test")); err != nil {
		t.Fatal(err)
	}
	if got := shown(t, db, "nord")["origins"]; got != "http://localhost:5173,http://nord.test" {
		t.Errorf("origins %s", got)
	}
	if _, _, err := s.Set(t.Context(), "nord", assigned("origins=http://*.test")); err == nil {
		t.Error("a pattern is an origin in development")
	}
}

func FuzzOrigins(f *testing.F) {
	for _, seed := range []string{"https://nord.test", "https://nord.test:8443,https://a.test", "http://localhost:1", "https://a@b.test", "https://[::1]:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, lax := range []bool{false, true} {
			origins, err := account.ReadOrigins(text, lax)
			if err != nil {
				continue
			}
			for _, origin := range origins {
				u, err := url.Parse(origin)
				if err != nil || u.Scheme+"://"+u.Host != origin || u.Scheme != "https" && !lax || strings.ContainsAny(origin, "*, @\\\x00\r\n") || strings.ToLower(origin) != origin {
					t.Errorf("%q holds the origin %q", text, origin)
				}
			}
		}
	})
}

// Two studios that answer to one name would share whoever asks for it.
func TestTwoStudiosShareNoName(t *testing.T) {
	t.Parallel()
	s, db := studios(t, false)
	for slug, words := range map[string][]string{"nord": {"hosts=api.nord.test", "origins=https://nord.test,https://www.nord.test"}, "sued": nil} {
		if _, err := s.Add(t.Context(), slug, assigned(words...)); err != nil {
			t.Fatal(err)
		}
	}
	for _, word := range []string{"hosts=api.nord.test", "hosts=api.sued.test,api.nord.test", "origins=https://www.nord.test", "origins=https://sued.test,https://nord.test"} {
		for what, err := range map[string]error{
			"set": func() error { _, _, err := s.Set(t.Context(), "sued", assigned(word)); return err }(),
			"add": func() error { _, err := s.Add(t.Context(), "ost", assigned(word)); return err }(),
		} {
			if err == nil || !strings.Contains(err.Error(), "nord's already") {
				t.Errorf("%s %s: %v", what, word, err)
			}
		}
	}
	if _, err := db.Pool.Exec(t.Context(), "UPDATE tenant SET hosts = '{api.nord.test}' WHERE slug = 'sued'"); err == nil {
		t.Error("the database lets two studios have one host")
	}
	// A host is no origin, and one's own may be set again.
	if _, _, err := s.Set(t.Context(), "sued", assigned("hosts=nord.test")); err != nil {
		t.Error(err)
	}
	if _, changed, err := s.Set(t.Context(), "nord", assigned("hosts=api.nord.test,api2.nord.test")); err != nil || !slices.Equal(changed, []string{"hosts"}) {
		t.Errorf("changed %q, %v", changed, err)
	}
}

// Fifty commands at the same moment want one name for fifty studios.
func TestOfFiftyWhoWantANameOneGetsIt(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"hosts=api.nord.test", "origins=https://nord.test"} {
		s, db := studios(t, false)
		var got atomic.Int32
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				_, err := s.Add(t.Context(), fmt.Sprintf("studio%d", i), assigned(word))
				if err == nil {
					got.Add(1)
				} else if !strings.Contains(err.Error(), "already") {
					t.Error(err)
				}
			})
		}
		all.Wait()
		var stored int
		if err := db.Owner.QueryRow(t.Context(), "SELECT count(*) FROM tenant").Scan(&stored); err != nil {
			t.Fatal(err)
		}
		if got.Load() != 1 || stored != 1 {
			t.Errorf("%s: %d got it, %d studios are stored", word, got.Load(), stored)
		}
	}
}

// entries are what the chains say, in order.
func entries(t *testing.T, db *stage.DB) []string {
	t.Helper()
	rows, err := db.Owner.Query(t.Context(), `
		SELECT t.slug || ' ' || e.action || ' ' || coalesce(e.actor_id::text, '-') || ' ' || coalesce(e.old_value, '-') || ' ' || coalesce(e.new_value, '-')
		FROM audit_entry e JOIN tenant t ON t.id = e.tenant_id ORDER BY t.slug, e.sequence`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

func TestWhatACommandChangesStandsInThatStudiosLog(t *testing.T) {
	t.Parallel()
	s, db := studios(t, false)
	ctx := t.Context()
	text := account.Text{Kind: "login_code", Locale: "de", Subject: "Code", Body: "{code}"}
	for _, do := range []func() error{
		func() error { _, err := s.Add(ctx, "nord", nil); return err },
		func() error { _, err := s.Add(ctx, "sued", assigned("sign-up=closed")); return err },
		func() error { _, _, err := s.Set(ctx, "nord", assigned("locale=en", "name=Nord")); return err },
		func() error { _, _, err := s.Set(ctx, "nord", assigned("locale=en")); return err }, // so already
		func() error { return s.SetText(ctx, "sued", text) },
		func() error { _, err := s.ResetText(ctx, "sued", "login_code", "de"); return err },
		func() error { _, err := s.ResetText(ctx, "sued", "login_code", "de"); return err }, // so already
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	made := func(slug, signUp string) string {
		return slug + ` tenant.added - - {"device-policy":"refuse","forget-after-days":"","hosts":"","locale":"de","name":"` + slug + `","origins":"","sender":"","sign-up":"` + signUp + `","slug":"` + slug + `","time-zone":"Europe/Berlin","upload-job-gib":"100","upload-job-images":"5000","upload-studio-gib":"","watermark":""}`
	}
	want := []string{
		made("nord", "open"),
		`nord tenant.setting_set - {"setting":"name","value":"nord"} {"setting":"name","value":"Nord"}`,
		`nord tenant.setting_set - {"setting":"locale","value":"de"} {"setting":"locale","value":"en"}`,
		made("sued", "closed"),
		`sued tenant.text_set - - {"kind":"login_code","locale":"de","sha256":"ced1eeb1fdf2b3f6ebab9a1ea4dd1a2af4a34c4b3cb34b0cd1ec6b42d2a4bd6b"}`,
		`sued tenant.text_reset - - {"kind":"login_code","locale":"de"}`,
	}
	got := entries(t, db)
	if len(got) == len(want) { // the hash is what it is; that it is one is enough
		at := strings.Index(got[4], `"sha256":"`)
		if at < 0 || len(got[4]) != len(want[4]) {
			t.Errorf("%s", got[4])
		}
		want[4] = got[4]
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if _, err := db.Owner.Exec(ctx, "REVOKE INSERT ON audit_entry FROM pixgate_server"); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"add":  func() error { _, err := s.Add(ctx, "ost", nil); return err }(),
		"set":  func() error { _, _, err := s.Set(ctx, "nord", assigned("locale=de")); return err }(),
		"text": s.SetText(ctx, "nord", text),
	} {
		if err == nil {
			t.Errorf("%s without an entry", what)
		}
	}
	if texts, err := s.Texts(ctx, mustStudio(t, db, "nord").ID); err != nil || len(texts) != 0 || shown(t, db, "nord")["locale"] != "en" {
		t.Errorf("changed without an entry: %v, %v", texts, err)
	}
}

func mustStudio(t *testing.T, db *stage.DB, slug string) account.Tenant {
	t.Helper()
	studio, err := account.NewTenants(db.Pool, "", time.Now).BySlug(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	return studio
}

// A page must be able to read that it has to wait, also while nobody can look up whose
// it is.
func TestOriginsAreKnownWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	s, db := studios(t, false)
	if _, err := s.Add(t.Context(), "nord", assigned("origins=https://nord.test")); err != nil {
		t.Fatal(err)
	}
	later := time.Now()
	tenants := account.NewTenants(db.Pool, "", func() time.Time { return later })
	for _, origin := range []string{"https://nord.test", "https://evil.test", ""} {
		if got := tenants.Lists(t.Context(), origin); got != (origin == "https://nord.test") {
			t.Errorf("%q is listed: %t", origin, got)
		}
	}
	if _, err := s.Add(t.Context(), "sued", assigned("origins=https://sued.test")); err != nil {
		t.Fatal(err)
	}
	if later = later.Add(6 * time.Second); !tenants.Lists(t.Context(), "https://sued.test") {
		t.Error("six seconds later a new origin is not listed")
	}
	db.Pool.Close()
	later = later.Add(time.Hour)
	if !tenants.Lists(t.Context(), "https://nord.test") || tenants.Lists(t.Context(), "https://evil.test") {
		t.Error("without a database it is not as it was")
	}
}

func TestOperatorsSeeEveryStudio(t *testing.T) {
	t.Parallel()
	s, db := studios(t, false)
	var made []account.Tenant
	for i := range 5 {
		studio, err := s.Add(t.Context(), fmt.Sprintf("studio%d", i), nil)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, studio)
	}
	tenants := account.NewTenants(db.Pool, "", time.Now)
	viewer := func(role account.Role) account.Viewer {
		return account.Viewer{TenantID: made[1].ID, AccountID: id.New(time.Now()), SessionID: id.New(time.Now()), Role: role}
	}
	var seen []string
	for w := (page.Window{Size: 2}); ; {
		listed, more, err := tenants.List(t.Context(), viewer(account.Operator), w)
		if err != nil || len(listed) > 2 {
			t.Fatalf("%d, %v", len(listed), err)
		}
		for _, studio := range listed {
			seen = append(seen, studio.Slug)
		}
		if !more {
			break
		}
		w.After = new(listed[len(listed)-1].Cursor())
	}
	if !slices.Equal(seen, []string{"studio0", "studio1", "studio2", "studio3", "studio4"}) {
		t.Errorf("page by page: %q", seen)
	}
	all := []id.ID{made[0].ID, made[1].ID, made[4].ID, id.New(time.Now())}
	for role, want := range map[account.Role]string{
		account.Customer: "studio1", account.Photographer: "studio1", account.Admin: "studio1", account.Operator: "studio0 studio1 studio4",
	} {
		found, err := tenants.ByIDs(t.Context(), viewer(role), all)
		var slugs []string
		for _, studio := range found {
			slugs = append(slugs, studio.Slug)
		}
		if got := strings.Join(slugs, " "); err != nil || got != want {
			t.Errorf("%s sees %s, %v; want %s", role, got, err, want)
		}
		if _, _, err := tenants.List(t.Context(), viewer(role), page.Window{Size: 2}); (err == nil) != (role == account.Operator) {
			t.Errorf("%s lists them: %v", role, err)
		}
	}
	if _, err := tenants.ByIDs(t.Context(), account.Viewer{TenantID: made[1].ID}, all); err == nil {
		t.Error("nobody sees a studio")
	}
}
