package job_test

import (
	"strings"
	"testing"

	"pixgate/internal/id"
	"pixgate/internal/job"
)

// differences are what a replay reports about the album.
func (a *album) differences(t *testing.T) string {
	t.Helper()
	var all []string
	if _, err := job.Replay(t.Context(), a.db.Pool, a.TenantID, func(d job.Difference) {
		if d.JobID == a.j.ID {
			all = append(all, d.String())
		}
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "; ")
}

// The server's own role writes states and choices. With both it can make a picture look
// chosen; it must not be able to make it look paid, granted or withdrawn.
func TestAChoiceThatNoCustomerCanMakeGrantsNothing(t *testing.T) {
	t.Parallel()
	a := newAlbum(t, newStudio(t), 1, 1, true)
	image, _ := id.Image.Parse(a.images[0])
	for _, move := range [][2]job.SelectionState{
		{job.None, job.ExtraFree}, {job.None, job.ExtraPaid}, {job.None, job.Blocked}, {job.Blocked, job.None}, {job.Included, job.ExtraPending}, {job.ExtraFree, job.None},
	} {
		a.Exec(t, "DELETE FROM selection_event")
		steps := [][2]job.SelectionState{move}
		if move[0] != job.None {
			steps = [][2]job.SelectionState{{job.None, move[0]}, move}
		}
		for _, step := range steps {
			if _, err := a.db.Pool.Exec(t.Context(), `INSERT INTO selection_event (id, tenant_id, job_id, image_id, account_id, old_state, new_state, request_id, at)
				VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, 'forged', clock_timestamp())`, a.TenantID, a.j.ID, image, a.Owner.AccountID, step[0], step[1]); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.db.Pool.Exec(t.Context(), "UPDATE image SET selection_state = $2 WHERE id = $1", image, move[1]); err != nil {
			t.Fatal(err)
		}
		if got := a.differences(t); !strings.Contains(got, a.images[0]+" of "+a.j.PublicID()+" is "+string(move[1])+", but its records make it what nobody can tell") {
			t.Errorf("%s to %s: %q", move[0], move[1], got)
		}
	}
}

// All pictures of a job are released by one bit of it, and more of them by one number.
func TestAPackageThatNobodyWroteDownIsNamed(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	made, _, err := s.jobs.Create(t.Context(), viewer(s.Admin), job.New{CustomerEmail: s.Owner.Email, Title: "Villa", IncludedImages: 5})
	if err != nil {
		t.Fatal(err)
	}
	a := newAlbum(t, s, 0, 0, false)
	a.j.ID = made.ID
	the := "the package of " + a.j.PublicID() + " is "
	forged := func(column string, value any, want string) {
		t.Helper()
		var before any
		if err := a.db.Owner.QueryRow(t.Context(), "SELECT "+column+" FROM job WHERE id = $1", made.ID).Scan(&before); err != nil {
			t.Fatal(err)
		}
		if got := a.differences(t); got != "" {
			t.Errorf("nothing was forged: %s", got)
		}
		for _, set := range []any{value, before} {
			if _, err := a.db.Pool.Exec(t.Context(), "UPDATE job SET "+column+" = $2 WHERE id = $1", made.ID, set); err != nil {
				t.Fatal(err)
			}
			if got := a.differences(t); (set == value) != (got == the+want) || set == before && got != "" {
				t.Errorf("%s = %v: %q", column, set, got)
			}
		}
	}
	forged("all_images_included", true, "of all pictures, but its records make it of a number of pictures")
	forged("included_images", 500, "of 500 included, but its records make it of 5")
	a.included(t, 7)
	a.all(t, true)
	forged("all_images_included", false, "of a number of pictures, but its records make it of all pictures")
	forged("included_images", 5, "of 5 included, but its records make it of 7")
	a.all(t, false)
	forged("all_images_included", true, "of all pictures, but its records make it of a number of pictures")
}
