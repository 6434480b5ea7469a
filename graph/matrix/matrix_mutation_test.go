package matrix

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/dev/cast"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// mutation is a row about calling a mutation in one situation.
type mutation struct {
	name   string
	input  string // of inputs
	cells  string // 401, 403, BLK, EXP and r… as in the table of fields; v: it gives a payload
	writes string // the tables that a call changes which gives a payload, all others stay as they were
	costs  string // the tables that a call changes which a resolver refuses
}

// audited leaves an entry in the audit log: what the studio's people do, also where their
// clients may do the same.
const audited = "audit_entry audit_head"

// alsoAudited are mutations of which only the calls of the studio's people are audited.
var alsoAudited = []string{"cancelBooking"}

// A code that was asked for and tried leaves its traces, right or wrong.
const tried = "budget login_challenge login_code"

// mutations are called by everybody, on a database where no call took effect yet.
var mutations = append([]mutation{
	{"requestOtp", "a mailbox", byAll, tried + " task.river_job", ""},
	{"verifyOtp", "a wrong code", "rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP", "", tried},
	{"verifyOtp", "a code that nobody asked for", "rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP", "", ""},
	{"verifyOtp", "a code of another studio", "rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP rOTP", "", ""},
	{"verifyOtp", "no code", "r400 r400 r400 r400 r400 r400 r400 r400 r400 r400 r400 r400 r400", "", ""},
	{"verifyOtp", "the own code", "v v v v v v v rBLK rEXP v v v v", tried + " account device session", tried},
	{"verifyOtp", "the code of a full account", "rDEV rDEV rDEV rDEV rDEV rDEV rDEV rDEV rDEV rDEV rDEV rDEV rDEV", "", tried},
	{"logout", "", "401 v v v v v v v v 401 v v 401", "session", ""},
	{"eraseAccount", "a person", ofStaff, "account audit_entry audit_head device job session", ""},
	{"eraseAccount", "a foreign person", "401 403 403 403 403 r403 r403 BLK EXP 401 403 v 401", "account audit_entry audit_head booking device job session tenant upload", ""},
	{"eraseAccount", "oneself", byStaff, "", ""},
	{"eraseAccount", "nobody", "401 403 403 403 403 r403 r403 BLK EXP 401 403 r403 401", "", ""},
	{"eraseAccount", "a reason without an end", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r400 401", "", ""},
	{"createJob", "a job", "401 403 403 403 403 v v BLK EXP 401 403 v 401", "audit_entry audit_head job", ""},
	{"createJob", "a job without a name", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r400 401", "", ""},
	{"createJob", "a photographer who is none", "401 403 403 403 403 v v BLK EXP 401 403 v 401", "", ""},
	{"importImages", "pictures", "401 403 403 403 403 v v BLK EXP 401 403 r403 401", "audit_entry audit_head image_import task.river_job", ""},
	{"importImages", "pictures for a foreign job", "401 403 403 403 403 r403 r403 BLK EXP 401 403 v 401", "audit_entry audit_head image_import task.river_job", ""},
	{"importImages", "pictures for an unknown job", "401 403 403 403 403 r403 r403 BLK EXP 401 403 r403 401", "", ""},
	{"importImages", "pictures from outside", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r403 401", "", ""},
	{"selectImages", "a choice", byOwner, "image job selection_event", ""},
	{"selectImages", "a choice that is so already", byOwner, "", ""},
	{"selectImages", "a choice past the package", byOwner, "", ""},
	{"selectImages", "a choice in a foreign job", "401 r403 r403 r403 r403 r403 r403 BLK EXP 401 v r403 401", "", ""},
	{"selectImages", "a choice of another's picture", noOne, "", ""},
	{"selectImages", "a choice of an unknown picture", noOne, "", ""},
	{"selectImages", "a choice of nothing", "401 r400 r400 r400 r400 r400 r400 BLK EXP 401 r400 r400 401", "", ""},
	{"setIncludedImages", "a smaller package", ofStaff, "audit_entry audit_head image job", ""},
	{"setIncludedImages", "the same package", ofStaff, "", ""},
	{"setIncludedImages", "a foreign package", "401 403 403 403 403 r403 r403 BLK EXP 401 403 v 401", "audit_entry audit_head job", ""},
	{"setIncludedImages", "a package of less than nothing", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r403 401", "", ""},
	{"setAllImagesIncluded", "no longer all", ofStaff, "audit_entry audit_head image job", ""},
	{"setAllImagesIncluded", "not all, as before", ofStaff, "", ""},
	{"setAllImagesIncluded", "a foreign job no longer all", "401 403 403 403 403 r403 r403 BLK EXP 401 403 v 401", "audit_entry audit_head job", ""},
	{"setSelectionState", "a grant", ofStaff, "audit_entry audit_head image job", ""},
	{"setSelectionState", "a grant that is so already", ofStaff, "", ""},
	{"setSelectionState", "a grant past the package", ofStaff, "", ""},
	{"setSelectionState", "a grant among which one is foreign", "401 403 403 403 403 r403 r403 BLK EXP 401 403 r403 401", "", ""},
	{"settleExtras", "a payment", ofStaff, "audit_entry audit_head image job settlement", ""},
	{"settleExtras", "a payment of what is not pending", ofStaff, "", ""},
	{"settleExtras", "a payment for another job", "401 403 403 403 403 r403 r403 BLK EXP 401 403 r403 401", "", ""},
	{"settleExtras", "a payment without a reference", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r400 401", "", ""},
	{"createBooking", "a booking", bookers, "booking booking_event task.river_job", ""},
	{"createBooking", "a booking of no package", bookers, "", ""},
	{"createBooking", "a booking of no day", "401 r400 r400 r400 r400 r400 r400 BLK EXP 401 r400 r400 401", "", ""},
	{"cancelBooking", "a cancellation", ofBooker, "booking booking_event task.river_job", ""},
	{"cancelBooking", "a cancelled booking", ofBooker, "", ""},
	{"cancelBooking", "a declined booking", ofBooker, "", ""},
	{"cancelBooking", "a booking that is a job", ofBooker, "", ""},
	{"cancelBooking", "a foreign booking", "401 r403 r403 r403 r403 r403 r403 BLK EXP 401 v v 401", "booking booking_event task.river_job", ""},
	{"cancelBooking", "an unknown booking", noOne, "", ""},
	{"confirmBooking", "a confirmation", ofStaff, audited + " booking booking_event task.river_job", ""},
	{"confirmBooking", "a confirmation too late", ofStaff, "", ""},
	{"confirmBooking", "a confirmation of a foreign booking", "401 403 403 403 403 r403 r403 BLK EXP 401 403 v 401", audited + " booking booking_event task.river_job", ""},
	{"confirmBooking", "a day that is over", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r400 401", "", ""},
	{"declineBooking", "a decline", ofStaff, audited + " booking booking_event task.river_job", ""},
	{"declineBooking", "a decline too late", ofStaff, "", ""},
	{"declineBooking", "a decline without a word", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r400 401", "", ""},
	{"assignPhotographer", "an assignment", ofStaff, audited + " booking job", ""},
	{"assignPhotographer", "an assignment to a client", ofStaff, "", ""},
	{"assignPhotographer", "an assignment of a foreign job", "401 403 403 403 403 r403 r403 BLK EXP 401 403 v 401", audited + " job", ""},
	{"assignPhotographer", "an assignment of nothing", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r400 401", "", ""},
	{"createJobFromBooking", "a confirmed booking", ofStaff, audited + " job", ""},
	{"createJobFromBooking", "a booking that is a job", ofStaff, "", ""},
	{"createJobFromBooking", "an open booking", ofStaff, "", ""},
	{"createJobFromBooking", "an unknown booking", "401 403 403 403 403 r403 r403 BLK EXP 401 403 r403 401", "", ""},
	{"setPackage", "a package", byStaff, audited + " package", ""},
	{"setPackage", "a package without a name", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r400 401", "", ""},
	{"removePackage", "a removal", byStaff, audited + " package", ""},
	{"removePackage", "a removal of none", byStaff, "", ""},

	{"removeDevice", "the own device", byEach, "device session", ""},
	{"removeDevice", "an own device of before", byEach, "", ""},
	{"removeDevice", "another's device", noOne, "", ""},
	{"removeDevice", "an unknown device", noOne, "", ""},
	{"removeDeviceOf", "a device of a member", ofStaff, "audit_entry audit_head device session", ""},
	{"removeDeviceOf", "a device of another member", ofNone, "", ""},
	{"removeDeviceOf", "a device of the operator", ofOperator, "audit_entry audit_head device session", ""},
	{"setMaxDevices", "fewer devices", ofStaff, "account audit_entry audit_head device session", ""},
	{"setMaxDevices", "as many devices as before", ofStaff, "", ""},
	{"setMaxDevices", "no devices", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r403 401", "", ""},
	{"blockAccount", "a member", ofStaff, "account audit_entry audit_head", ""},
	{"blockAccount", "a blocked member", ofStaff, "", ""},
	{"blockAccount", "oneself", byStaff, "", ""},
	{"blockAccount", "the operator", ofOperator, "", ""}, // who is refused as oneself
	{"blockAccount", "nobody", ofNone, "", ""},
	{"blockAccount", "a long story", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r403 401", "", ""},
	{"unblockAccount", "a blocked member", ofStaff, "account audit_entry audit_head", ""},
	{"unblockAccount", "a member", ofStaff, "", ""},
	{"setAccountValidUntil", "an end", ofStaff, "account audit_entry audit_head", ""},
	{"setAccountValidUntil", "the same end", ofStaff, "", ""},
	{"setAccountValidUntil", "an end that is left out", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r400 401", "", ""},
	{"setAccountRole", "a photographer to be", ofStaff, "account audit_entry audit_head session", ""},
	{"setAccountRole", "a customer as before", ofStaff, "", ""},
	{"setAccountRole", "an operator to be", ofOperator, "account audit_entry audit_head session", ""},
	{"setAccountRole", "oneself as operator", "401 403 403 403 403 r403 v BLK EXP 401 403 r403 401", "", ""}, // which the operator is
	{"setAccountRole", "the operator as admin", ofOperator, "account audit_entry audit_head session", ""},
	{"setAccountRole", "the last admin as customer", "401 403 403 403 403 r403 r403 BLK EXP 401 403 v 401", "", ""},
	{"setDevicePolicy", "another policy", byStaff, "audit_entry audit_head tenant", ""},
	{"setDevicePolicy", "the same policy", byStaff, "", ""},
	{"setDevicePolicy", "a long story of a policy", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r400 401", "", ""},
	{"releaseLogin", "a mailbox to release", ofStaff, "audit_entry audit_head budget", ""},
	{"releaseLogin", "a mailbox that nobody has proven", byStaff, "audit_entry audit_head budget", ""},
	{"releaseLogin", "neither account nor mailbox", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r400 401", "", ""},
	{"releaseLogin", "account and mailbox", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r403 401", "", ""},
	{"notifyCustomer", "a message", ofStaff, audited + " notification task.river_job", ""},
	{"notifyCustomer", "a message to who complained", ofStaff, "", ""},
	{"notifyCustomer", "a message without words", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r400 401", "", ""},
	{"notifyCustomer", "a message about no job", ofNone, "", ""},
	{"setNotifications", "no more notifications", bookers, "unsubscribed", ""},
	{"setNotifications", "notifications as before", bookers, "", ""},
	{"liftMailSuppression", "a suppression", ofStaff, audited + " mail_suppression", ""},
	{"liftMailSuppression", "no suppression", ofStaff, "", ""},
	{"liftMailSuppression", "nobody", ofNone, "", ""},
	{"retryTask", "a dead task", byOperator, "audit_entry audit_head task.river_job", ""},
	{"retryTask", "a task that went well", byOperator, "", ""},
	{"retryTask", "an unknown task", "401 403 403 403 403 403 r403 BLK EXP 401 403 403 401", "", ""},
	{"retryTask", "a dead task for too many reasons", "401 403 403 403 403 403 r400 BLK EXP 401 403 403 401", "", ""},
}, slices.Concat(uploadMutations, webhookMutations)...)

const (
	ofNone     = "401 403 403 403 403 r403 r403 BLK EXP 401 403 r403 401" // of those who may do such things
	ofOperator = "401 403 403 403 403 r403 v BLK EXP 401 403 r403 401"
)

// byRunners is what a call writes besides, when somebody makes it who runs the studio.
var byRunners = map[string]string{"the own code": "audit_entry audit_head"}

// noOne may do it who is signed in.
const noOne = "401 r403 r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401"

// inputs make the input of a call.
var inputs = with(with(uploadInputs, webhookInputs), map[string]func(*testing.T, *matrix, *cast.Person) map[string]any{
	"a person": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		p := m.Person(t, m.TenantID, m.newcomer(), account.Customer)
		m.Job(t, p, nil, true)
		return map[string]any{"accountId": p.PublicID(), "reason": "matrix"}
	},
	"a foreign person": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"accountId": m.Foreigner.PublicID()}
	},
	"oneself": func(_ *testing.T, m *matrix, who *cast.Person) map[string]any {
		if who == nil {
			who = m.Admin
		}
		return map[string]any{"accountId": who.PublicID()}
	},
	"a message": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.OtherJob.PublicID(), "message": "Bitte ruf an."}
	},
	"a message to who complained": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.Package.PublicID(), "message": "Bitte ruf an."}
	},
	"a message without words": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.OtherJob.PublicID(), "message": " "}
	},
	"a message about no job": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": id.Job.Format(id.Nil), "message": "x"}
	},
	"no more notifications":   func(*testing.T, *matrix, *cast.Person) map[string]any { return map[string]any{"enabled": false} },
	"notifications as before": func(*testing.T, *matrix, *cast.Person) map[string]any { return map[string]any{"enabled": true} },
	"a suppression": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"accountId": m.Owner.PublicID(), "reason": "repaired"}
	},
	"no suppression": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"accountId": m.Other.PublicID()}
	},
	"nobody": func(*testing.T, *matrix, *cast.Person) map[string]any {
		return map[string]any{"accountId": id.Account.Format(id.Nil)}
	},
	"a reason without an end": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"accountId": m.Owner.PublicID(), "reason": strings.Repeat("r", 1001)}
	},
	"a mailbox": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"email": m.newcomer()}
	},
	"a wrong code": func(t *testing.T, m *matrix, who *cast.Person) map[string]any {
		challengeID, code := m.newCode(t, who, m.newcomer())
		wrong := "000000"
		if code == wrong {
			wrong = "000001"
		}
		return m.signIn(challengeID, wrong)
	},
	"a code that nobody asked for": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return m.signIn("AAAAAAAAAAAAAAAAAAAAAA", "123456")
	},
	"a code of another studio": func(t *testing.T, m *matrix, who *cast.Person) map[string]any {
		there := m.Foreigner
		if who != nil && who.TenantID == there.TenantID {
			there = m.Owner
		}
		return m.signIn(m.newCode(t, there, m.newcomer()))
	},
	"no code": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return m.signIn("AAAAAAAAAAAAAAAAAAAAAA", "12345")
	},
	"the own code": func(t *testing.T, m *matrix, who *cast.Person) map[string]any {
		if who == nil {
			return m.signIn(m.newCode(t, nil, m.newcomer()))
		}
		return m.signIn(m.newCode(t, who, who.Email))
	},
	"the code of a full account": func(t *testing.T, m *matrix, who *cast.Person) map[string]any {
		tenantID := m.TenantID
		if who != nil {
			tenantID = who.TenantID
		}
		full := m.Person(t, tenantID, m.newcomer(), "CUSTOMER")
		m.Exec(t, "UPDATE account SET max_devices = 1 WHERE id = $1", full.AccountID)
		return m.signIn(m.newCode(t, who, full.Email))
	},
	"a newcomer's code": func(t *testing.T, m *matrix, who *cast.Person) map[string]any {
		return m.signIn(m.newCode(t, who, m.newcomer()))
	},
	"a newcomer's code, by cookie": func(t *testing.T, m *matrix, who *cast.Person) map[string]any {
		challengeID, code := m.newCode(t, who, m.newcomer())
		return map[string]any{"challengeId": challengeID, "code": code, "transport": "COOKIE"}
	},
	"": func(*testing.T, *matrix, *cast.Person) map[string]any { return nil },
	"a job": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"customerEmail": m.newcomer(), "title": "Haus am See", "reason": "matrix"}
	},
	"a job without a name": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"customerEmail": m.newcomer(), "title": " "}
	},
	"a photographer who is none": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"customerEmail": m.newcomer(), "title": "Haus am See", "photographerEmail": m.Foreigner.Email}
	},
	"pictures": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.Package.PublicID(), "prefix": "2026/haus-am-see"}
	},
	"pictures for a foreign job": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.ForeignJob.PublicID(), "prefix": "2026/haus-am-see"}
	},
	"pictures for an unknown job": func(*testing.T, *matrix, *cast.Person) map[string]any {
		return map[string]any{"jobId": id.Job.Format(id.Nil), "prefix": "2026/haus-am-see"}
	},
	"pictures from outside": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.Package.PublicID(), "prefix": "../../foreign/incoming/2026"}
	},
	"a closed job": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		m.Exec(t, "UPDATE job SET status = 'CLOSED' WHERE id = $1", m.Package.ID)
		return map[string]any{"jobId": m.Package.PublicID(), "prefix": "2026/haus-am-see"}
	},
	"a choice": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		m.Exec(t, "UPDATE job SET included_images = 1000 WHERE id = $1", m.Package.ID)
		return choice(m.Package, m.fresh(t, job.None))
	},
	"a choice that is so already": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return choice(m.Package, m.Package.Image(job.Included))
	},
	"a choice past the package": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		m.Exec(t, "UPDATE job SET included_images = 1 WHERE id = $1", m.Package.ID)
		return choice(m.Package, m.Package.Image(job.None))
	},
	"a choice in a foreign job": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return choice(m.ForeignJob, m.ForeignJob.Image(job.None)) // which includes every picture, so that nothing is written
	},
	"a choice of another's picture": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return choice(m.Package, m.Package.Image(job.None), m.OtherJob.Image(job.None))
	},
	"a choice of an unknown picture": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return choice(m.Package, m.Package.Image(job.None), id.Image.Format(id.Nil))
	},
	"a choice of nothing": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any { return choice(m.Package) },
	"a smaller package": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		m.Exec(t, "UPDATE job SET included_images = 1000 WHERE id = $1", m.Package.ID)
		m.fresh(t, job.Included)
		return map[string]any{"jobId": m.Package.PublicID(), "includedImages": 0, "reason": "matrix"}
	},
	"the same package": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.Package.PublicID(), "includedImages": 100}
	},
	"a foreign package": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.ForeignJob.PublicID(), "includedImages": 9}
	},
	"a package of less than nothing": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.Package.PublicID(), "includedImages": -1}
	},
	"no longer all": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		m.Exec(t, "UPDATE job SET all_images_included = true WHERE id = $1", m.Package.ID)
		m.fresh(t, job.None)
		m.Exec(t, "UPDATE image SET delivered_at = now() WHERE job_id = $1 AND selection_state = 'NONE'", m.Package.ID)
		return map[string]any{"jobId": m.Package.PublicID(), "allImagesIncluded": false, "reason": "matrix"}
	},
	"not all, as before": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.Package.PublicID(), "allImagesIncluded": false}
	},
	"a foreign job no longer all": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.ForeignJob.PublicID(), "allImagesIncluded": false}
	},
	"a grant": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return grant(job.ExtraFree, m.fresh(t, job.None))
	},
	"a grant that is so already": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return grant(job.ExtraFree, m.Package.Image(job.ExtraFree))
	},
	"a grant past the package": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		m.Exec(t, "UPDATE job SET included_images = 1 WHERE id = $1", m.Package.ID)
		return grant(job.Included, m.Package.Image(job.None))
	},
	"a grant among which one is foreign": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return grant(job.ExtraFree, m.Package.Image(job.None), m.ForeignJob.Image(job.None))
	},
	"a payment": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return payment(m.Package, fmt.Sprint("payment ", m.clients.Add(1)), m.fresh(t, job.ExtraPending))
	},
	"a payment of what is not pending": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return payment(m.Package, "payment", m.Package.Image(job.None))
	},
	"a payment for another job": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return payment(m.All, "payment", m.Package.Image(job.ExtraPending))
	},
	"a booking": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return m.wish(cast.PackageKey, 7)
	},
	"a booking of no package": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any { return m.wish("none", 7) },
	"a booking of no day":     func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any { return m.wish(cast.PackageKey) },
	"a cancellation": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.booked(t, "REQUESTED")}
	},
	"a cancelled booking": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.booked(t, "CANCELLED")}
	},
	"a declined booking": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.booked(t, "DECLINED")}
	},
	"a confirmed booking": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.booked(t, "CONFIRMED")}
	},
	"an open booking": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.booked(t, "REQUESTED")}
	},
	"a booking that is a job": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.Booking.PublicID()}
	},
	"a foreign booking": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.Booked(t, m.Foreigner, nil).PublicID()}
	},
	"an unknown booking": func(*testing.T, *matrix, *cast.Person) map[string]any {
		return map[string]any{"bookingId": id.Booking.Format(id.Nil)}
	},
	"a confirmation": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.booked(t, "REQUESTED"), "date": dateIn(7), "message": "See you", "reason": "matrix"}
	},
	"a confirmation too late": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.booked(t, "CANCELLED"), "date": dateIn(7)}
	},
	"a confirmation of a foreign booking": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.Booked(t, m.Foreigner, nil).PublicID(), "date": dateIn(7)}
	},
	"a day that is over": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.Booking.PublicID(), "date": dateIn(-3)}
	},
	"a decline": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.booked(t, "REQUESTED"), "message": "Too far away", "reason": "matrix"}
	},
	"a decline too late": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.booked(t, "CONFIRMED"), "message": "Too far away"}
	},
	"a decline without a word": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.Booking.PublicID(), "message": " "}
	},
	"an assignment": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.Package.PublicID(), "photographerEmail": m.Idle.Email, "reason": "matrix"}
	},
	"an assignment to a client": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"bookingId": m.Booking.PublicID(), "photographerEmail": m.Other.Email}
	},
	"an assignment of a foreign job": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		m.Exec(t, "UPDATE job SET photographer_id = account_id WHERE id = $1", m.ForeignJob.ID)
		return map[string]any{"jobId": m.ForeignJob.PublicID()}
	},
	"an assignment of nothing": func(*testing.T, *matrix, *cast.Person) map[string]any { return map[string]any{} },
	"a package": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"key": "large", "name": "Large", "includedImages": 30 + m.clients.Add(1), "extraPrice": 1200, "reason": "matrix"}
	},
	"a package without a name": func(*testing.T, *matrix, *cast.Person) map[string]any {
		return map[string]any{"key": "large", "name": " "}
	},
	"a removal": func(*testing.T, *matrix, *cast.Person) map[string]any {
		return map[string]any{"key": cast.PackageKey, "reason": "matrix"}
	},
	"a removal of none": func(*testing.T, *matrix, *cast.Person) map[string]any { return map[string]any{"key": "none"} },
	"a dead task": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"taskId": m.dead, "reason": "matrix"}
	},
	"a task that went well": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"taskId": m.done}
	},
	"an unknown task": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"taskId": m.Package.PublicID()}
	},
	"a dead task for too many reasons": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"taskId": m.dead, "reason": strings.Repeat("x", 1001)}
	},
	"a payment without a reference": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return payment(m.Package, " ", m.Package.Image(job.ExtraPending))
	},
	"the own device": func(_ *testing.T, _ *matrix, who *cast.Person) map[string]any {
		if who == nil {
			return map[string]any{"deviceId": id.Device.Format(id.Nil)}
		}
		return map[string]any{"deviceId": id.Device.Format(who.DeviceID)}
	},
	"an own device of before": func(t *testing.T, m *matrix, who *cast.Person) map[string]any {
		if who == nil || who.TenantID == m.TenantID && who.Email == m.ForeignAdmin.Email && who.AccountID == m.ForeignAdmin.AccountID {
			return map[string]any{"deviceId": id.Device.Format(id.Nil)}
		}
		gone := m.secondDevice(t, who)
		m.Exec(t, "UPDATE device SET removed_at = now() WHERE id = $1", gone)
		return map[string]any{"deviceId": id.Device.Format(gone)}
	},
	"another's device": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"deviceId": id.Device.Format(m.member(t).DeviceID)}
	},
	"an unknown device": func(*testing.T, *matrix, *cast.Person) map[string]any {
		return map[string]any{"deviceId": id.Device.Format(id.Nil)}
	},
	"a device of a member": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		member := m.member(t)
		return about(member, "deviceId", id.Device.Format(member.DeviceID))
	},
	"a device of another member": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return about(m.member(t), "deviceId", id.Device.Format(m.member(t).DeviceID))
	},
	"a device of the operator": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return about(m.Operator, "deviceId", id.Device.Format(m.Operator.DeviceID))
	},
	"fewer devices": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		member := m.member(t)
		m.Exec(t, "UPDATE device SET last_seen_at = now() - interval '1 hour' WHERE id = $1", member.DeviceID) // the one with a session
		return about(member, "maxDevices", 1)
	},
	"as many devices as before": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return about(m.member(t), "maxDevices", 5)
	},
	"no devices": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return about(m.member(t), "maxDevices", 0)
	},
	"a member": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any { return about(m.member(t)) },
	"a blocked member": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		member := m.member(t)
		m.Exec(t, "UPDATE account SET blocked_at = now() WHERE id = $1", member.AccountID)
		return about(member)
	},
	"the operator": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any { return about(m.Operator) },
	"a long story": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return about(m.member(t), "reason", strings.Repeat("x", 1001))
	},
	"an end": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return about(m.member(t), "validUntil", "2030-01-01T00:00:00Z")
	},
	"the same end": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return about(m.member(t), "validUntil", "2029-01-01T00:00:00Z")
	},
	"an end that is left out": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any { return about(m.member(t)) },
	"a photographer to be": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return about(m.member(t), "role", "PHOTOGRAPHER")
	},
	"a customer as before": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return about(m.member(t), "role", "CUSTOMER")
	},
	"an operator to be": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return about(m.member(t), "role", "OPERATOR")
	},
	"oneself as operator": func(_ *testing.T, m *matrix, who *cast.Person) map[string]any {
		if who == nil {
			who = m.Owner
		}
		return about(who, "role", "OPERATOR")
	},
	"the operator as admin": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return about(m.Operator, "role", "ADMIN")
	},
	"the last admin as customer": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return about(m.ForeignAdmin, "role", "CUSTOMER")
	},
	"another policy": func(*testing.T, *matrix, *cast.Person) map[string]any {
		return map[string]any{"policy": "REPLACE_OLDEST", "reason": "matrix"}
	},
	"the same policy": func(*testing.T, *matrix, *cast.Person) map[string]any { return map[string]any{"policy": "REFUSE"} },
	"a long story of a policy": func(*testing.T, *matrix, *cast.Person) map[string]any {
		return map[string]any{"policy": "REFUSE", "reason": strings.Repeat("x", 1001)}
	},
	"a mailbox to release": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any { return about(m.member(t)) },
	"a mailbox that nobody has proven": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"email": m.newcomer()}
	},
	"neither account nor mailbox": func(*testing.T, *matrix, *cast.Person) map[string]any { return map[string]any{"reason": "matrix"} },
	"account and mailbox": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return about(m.member(t), "email", m.newcomer())
	},
})

// with is a table with the rows of another.
func with[V any](more, table map[string]V) map[string]V {
	maps.Copy(table, more)
	return table
}

// wish is the input of a booking that nobody has made, on days so many from today.
func (m *matrix) wish(key string, days ...int) map[string]any {
	dates := []string{}
	for _, n := range days {
		dates = append(dates, dateIn(n))
	}
	return map[string]any{"address": fmt.Sprintf("See %d", m.clients.Add(1)), "package": key, "preferredDates": dates, "notes": "Two\nlines", "contactPhone": "+49 30 123456"}
}

func dateIn(days int) string { return time.Now().AddDate(0, 0, days).Format(time.DateOnly) }

// booked is a new booking of the owner's in a state.
func (m *matrix) booked(t *testing.T, state string) string {
	t.Helper()
	b := m.Booked(t, m.Owner, nil)
	m.Exec(t, "UPDATE booking SET state = $2, confirmed_date = CASE $2 WHEN 'CONFIRMED' THEN current_date + 7 END WHERE id = $1", b.ID, state)
	return b.PublicID()
}

// member is somebody new of the studio with two devices, and a session on the first.
func (m *matrix) member(t *testing.T) *cast.Person {
	t.Helper()
	one := m.Person(t, m.TenantID, m.newcomer(), account.Customer)
	m.Exec(t, "UPDATE account SET last_seen_at = now(), valid_until = '2029-01-01T00:00:00Z' WHERE id = $1", one.AccountID)
	m.secondDevice(t, one)
	return one
}

// secondDevice is one more device of somebody.
func (m *matrix) secondDevice(t *testing.T, who *cast.Person) id.ID {
	t.Helper()
	made := id.New(time.Now())
	m.Exec(t, `INSERT INTO device (id, tenant_id, account_id, secret_hash, name, kind, created_at, last_seen_at)
		VALUES ($1, $2, $3, sha256($4), 'Second', 'HANDHELD', now(), now())`, made, who.TenantID, who.AccountID, made[:])
	return made
}

// about is the input of an act on somebody.
func about(who *cast.Person, more ...any) map[string]any {
	input := map[string]any{"accountId": who.PublicID(), "reason": "matrix"}
	for i := 0; i < len(more); i += 2 {
		input[more[i].(string)] = more[i+1]
	}
	return input
}

// fresh is a new picture in the owner's job, so that the same call can take effect again.
func (m *matrix) fresh(t *testing.T, state job.SelectionState) string {
	t.Helper()
	return id.Image.Format(m.Image(t, m.TenantID, m.Package.ID, int(m.clients.Add(1)), state))
}

func choice(j *cast.Job, images ...string) map[string]any {
	return map[string]any{"jobId": j.PublicID(), "imageIds": append([]string{}, images...), "selected": true}
}

func grant(state job.SelectionState, images ...string) map[string]any {
	return map[string]any{"imageIds": images, "selectionState": state, "reason": "matrix"}
}

func payment(j *cast.Job, reference string, images ...string) map[string]any {
	return map[string]any{"jobId": j.PublicID(), "imageIds": images, "paymentReference": reference}
}

// newcomer is an address that no studio has seen.
func (m *matrix) newcomer() string { return fmt.Sprintf("newcomer-%d@example.com", m.clients.Add(1)) }

// signIn is the input of a sign-in by token, on a device that nobody has seen.
func (m *matrix) signIn(challengeID, code string) map[string]any {
	device := map[string]any{"id": fmt.Sprintf("device-of-newcomer-%d", m.clients.Add(1)), "name": "Matrix", "kind": "HANDHELD"}
	return map[string]any{"challengeId": challengeID, "code": code, "transport": "TOKEN", "device": device}
}

// TestMatrixOfMutations calls every mutation as everybody, and looks at every table
// before and after: whoever is refused has changed nothing.
func TestMatrixOfMutations(t *testing.T) {
	t.Parallel()
	for _, one := range mutations {
		t.Run(one.name+" with "+one.input, func(t *testing.T) {
			t.Parallel()
			cells := cellsOf(one.cells)
			var m *matrix
			for _, caller := range callers {
				if m == nil {
					m = newMatrix(t)
				}
				if m.mutate(t, one, caller, cells[caller]) {
					m = nil
				}
			}
		})
	}
}

// mutate calls a mutation and reports whether that took effect.
func (m *matrix) mutate(t *testing.T, one mutation, caller, mark string) bool {
	t.Helper()
	who := m.person(caller)
	ask, variables := "mutation { "+one.name+" { __typename } }", map[string]any(nil)
	if one.input != "" {
		ask, variables = "mutation { "+one.name+"(input: $input) { __typename } }", map[string]any{"input": inputs[one.input](t, m, who)}
	}
	before := m.content(t)
	got := m.send(t, who, document(ask, ""), variables)
	changed := changes(before, m.content(t))
	want, tables := "", ""
	if mark == "v" {
		if data, _ := got.data.(map[string]any); got.status != 200 || len(got.errors) > 0 || data[one.name] == nil {
			want = fmt.Sprintf("got %v; want a payload", got)
		}
		if tables = one.writes; tables != "" && slices.Contains(alsoAudited, one.name) && who.Role.AtLeast(account.Admin) {
			tables += " " + audited
		}
		if who != nil && who.Role.AtLeast(account.Admin) {
			tables += " " + byRunners[one.input]
		}
	} else {
		want = got.refusedAs(mark)
		if strings.HasPrefix(mark, "r") {
			tables = one.costs
		}
	}
	if want != "" {
		t.Errorf("%s with %s as %s: %s", one.name, one.input, caller, want)
	}
	if expected := slices.Sorted(slices.Values(strings.Fields(tables))); !slices.Equal(changed, expected) {
		t.Errorf("%s with %s as %s changed the tables %q, want %q", one.name, one.input, caller, changed, expected)
	}
	return mark == "v" && len(changed) > 0
}

// content tells each table's rows apart from any other rows.
func (m *matrix) content(t *testing.T) map[string]string {
	t.Helper()
	rows, err := m.db.Owner.Query(t.Context(), `
		SELECT CASE schemaname WHEN 'public' THEN '' ELSE schemaname || '.' END || tablename,
		       (xpath('//h/text()', query_to_xml(format('SELECT count(*) || '':'' || coalesce(md5(string_agg(t::text, ''|'' ORDER BY t::text)), '''') AS h FROM %I.%I t', schemaname, tablename), false, true, '')))[1]::text
		FROM pg_tables WHERE schemaname IN ('public', 'task')`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	content := map[string]string{}
	for rows.Next() {
		var name, hash string
		if err := rows.Scan(&name, &hash); err != nil {
			t.Fatal(err)
		}
		content[name] = hash
	}
	if err := rows.Err(); err != nil || len(content) < 20 {
		t.Fatalf("%d tables: %v", len(content), err)
	}
	return content
}

func changes(before, after map[string]string) []string {
	changed := []string{}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if before[name] != after[name] {
			changed = append(changed, name)
		}
	}
	return changed
}

// TestOneRefusedMutationStopsAll asks for something allowed beside something refused.
func TestOneRefusedMutationStopsAll(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	for caller, mark := range map[string]string{"own": "403", "blk": "BLK"} {
		before := m.content(t)
		variables := map[string]any{"input": inputs["a job"](t, m, nil), "mailbox": inputs["a mailbox"](t, m, nil)}
		got := m.send(t, m.person(caller), `mutation($input: CreateJobInput!, $mailbox: RequestOtpInput!) {
			requestOtp(input: $mailbox) { expiresAt } logout { ok } ...Refused } fragment Refused on Mutation { createJob(input: $input) { job { id } } }`, variables)
		if wrong := got.refusedAs(mark); wrong != "" {
			t.Errorf("as %s: %s", caller, wrong)
		}
		if changed := changes(before, m.content(t)); len(changed) > 0 {
			t.Errorf("as %s: changed the tables %q", caller, changed)
		}
	}
}
