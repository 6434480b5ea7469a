package matrix

import (
	"slices"
	"strings"
	"testing"

	"pixgate/graph"
	"pixgate/internal/dev/cast"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// ids are the subjects of idRows, by their names there.
func (m *matrix) ids() map[string]string {
	unknown := id.ID{0x01, 0x9a, 15: 0x7f}
	ids := map[string]string{
		"Image unreleased": m.Package.Image(job.None), "Image withdrawn": m.Package.Image(job.Blocked),
		"Account the-owner's": m.Owner.PublicID(), "Account another's": m.Other.PublicID(), "Account the-photographer's": m.Photographer.PublicID(),
		"Account the-admin's": m.Admin.PublicID(), "Account the-blocked's": m.Blocked.PublicID(), "Account the-expired's": m.Expired.PublicID(),
		"Account foreign": m.Foreigner.PublicID(), "Account the-foreign-admin's": m.ForeignAdmin.PublicID(), "Account unknown": id.Account.Format(unknown),
		"Import the-owner's": id.Import.Format(m.Import), "Import foreign": id.Import.Format(m.ForeignImport), "Import unknown": id.Import.Format(unknown),
		"AuditEntry the-owner's": id.Audit.Format(m.audited[m.Package.Images[job.None]]), "AuditEntry unknown": id.Audit.Format(unknown),
		"AuditEntry foreign": id.Audit.Format(m.audited[m.ForeignJob.Images[job.None]]),
		"Job unknown":        id.Job.Format(unknown), "Image unknown": id.Image.Format(unknown),
		"SecurityEvent the-owner's": id.Security.Format(m.event), "SecurityEvent foreign": id.Security.Format(m.foreignEvent),
		"SecurityEvent the-installation's": id.Security.Format(m.ofNobody), "SecurityEvent unknown": id.Security.Format(unknown),
		"Upload the-owner's": id.Upload.Format(m.upload), "Upload the-photographer's": id.Upload.Format(m.photographers),
		"Upload foreign": id.Upload.Format(m.foreignUpload), "Upload unknown": id.Upload.Format(unknown),
		"Booking the-owner's": m.Booking.PublicID(), "Booking another's": m.OtherBooking.PublicID(), "Booking the-blocked's": m.BlockedBooking.PublicID(),
		"Booking the-expired's": m.ExpiredBooking.PublicID(), "Booking the-removed's": m.RemovedBooking.PublicID(), "Booking foreign": m.ForeignBooking.PublicID(),
		"Booking unknown": id.Booking.Format(unknown),
		"Nothing empty":   "", "Nothing malformed": "job_zzz", "Nothing a-uuid": m.Package.ID.String(),
		"Nothing a-session":  "ses" + id.Job.Format(m.Owner.SessionID)[3:],
		"Device the-owner's": id.Device.Format(m.Owner.DeviceID), "Device another's": id.Device.Format(m.Other.DeviceID), "Device removed": id.Device.Format(m.Removed.DeviceID),
		"Device forgotten": id.Device.Format(m.forgotten), "Device foreign": id.Device.Format(m.Foreigner.DeviceID), "Device unknown": id.Device.Format(unknown),
		"Tenant the-owner's": id.Tenant.Format(m.TenantID), "Tenant foreign": id.Tenant.Format(m.ForeignTenantID), "Tenant unknown": id.Tenant.Format(unknown),
		"MaintenanceRun the-owner's": id.Run.Format(m.run), "MaintenanceRun foreign": id.Run.Format(m.run), "MaintenanceRun unknown": id.Run.Format(unknown),
		"Task the-owner's": m.dead, "Task foreign": m.done, "Task unknown": id.Task.Format(unknown), "Nothing task-0": id.Task.Format(id.Nil),
		"Webhook the-owner's": id.Webhook.Format(m.hook), "Webhook foreign": id.Webhook.Format(m.foreignHook), "Webhook unknown": id.Webhook.Format(unknown),
		"WebhookDelivery the-owner's": id.Delivery.Format(m.hookDelivery), "WebhookDelivery foreign": id.Delivery.Format(m.foreignHookDelivery), "WebhookDelivery unknown": id.Delivery.Format(unknown),
	}
	for whose, j := range map[string]*cast.Job{
		"the-owner's": m.Package, "another's": m.OtherJob, "unclaimed": m.Unclaimed, "the-blocked's": m.BlockedJob,
		"the-expired's": m.ExpiredJob, "the-removed's": m.RemovedJob, "foreign": m.ForeignJob,
	} {
		ids["Job "+whose], ids["Image "+whose] = j.PublicID(), j.Image(job.Included)
	}
	return ids
}

// TestMatrixOfIDs hands every id to node and to every root field that takes one.
func TestMatrixOfIDs(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	ids := m.ids()
	for _, r := range table(t, idRows) {
		named, known := ids[r.name]
		if !known {
			t.Errorf("%s: no such id in matrix.ids", r.name)
		}
		delete(ids, r.name)
		typeName, _, _ := strings.Cut(r.name, " ")
		for _, root := range slices.Concat(matrixSchema().Query.Fields, matrixSchema().Subscription.Fields) {
			ask, takes := "query($id: ID!) { x: "+root.Name+"(id: $id) { __typename id } }", root.Type.Name()
			if root.Arguments.ForName("jobId") != nil {
				ask, takes = "subscription($id: ID!) { x: "+root.Name+"(jobId: $id) { x: job { __typename id } } }", "Job"
			} else if root.Arguments.ForName("id") == nil {
				continue
			}
			for _, caller := range callers {
				mark := r.cells[caller]
				if takes != typeName && takes != "Node" && mark == "v" {
					mark = "403"
				}
				if needed := root.Directives.ForName("auth"); mark == "v" && !m.person(caller).Role.AtLeast(graph.RoleOf(needed)) {
					mark = "403"
				}
				got := m.send(t, m.person(caller), ask, map[string]any{"id": named})
				if mark != "v" {
					if wrong := got.refusedAs(mark); wrong != "" {
						t.Errorf("%s by %s as %s: %s", r.name, root.Name, caller, wrong)
					} else if mark == "403" && got.body != refusal {
						t.Errorf("%s by %s as %s: not the bytes of an unknown id", r.name, root.Name, caller)
					}
					continue
				}
				data, _ := got.data.(map[string]any)
				x, _ := data["x"].(map[string]any)
				if within, isWatched := x["x"].(map[string]any); isWatched {
					x = within
				}
				if got.status != 200 || x["__typename"] != typeName || x["id"] != named {
					t.Errorf("%s by %s as %s: %v; want it", r.name, root.Name, caller, got)
				}
			}
		}
	}
	for name := range ids {
		t.Errorf("%s has no row in idRows", name)
	}
}

// TestMatrixOfIntrospection lets only admins read the schema, and tells nobody else
// a name of it.
func TestMatrixOfIntrospection(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	for _, caller := range callers {
		may := slices.Contains([]string{"adm", "opr", "fad"}, caller)
		for _, query := range []string{"{ __schema { types { name } } }", `{ __type(name: "Job") { fields { name } } }`, `{ viewer { id } ...S } fragment S on Query { __schema { types { name } } }`} {
			got := m.send(t, m.person(caller), query, nil)
			if may != (got.status == 200 && got.data != nil) || !may && (got.status != 401 && got.status != 403 || strings.Contains(got.body, "JobConnection")) {
				t.Errorf("%s as %s: %v", query, caller, got)
			}
		}
		if got := m.send(t, m.person(caller), `{ secretts { id } jobz { nodes { id } } job(idd: "x") { downloadUrls } }`, nil); got.status != 400 || !may && strings.Contains(got.body, "Did you mean") {
			t.Errorf("misspelt fields as %s: %v; are names of the schema suggested: %t", caller, got, strings.Contains(got.body, "Did you mean"))
		}
	}
}
