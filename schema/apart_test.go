package schema_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// apart has every statement of queries that names a studio: the table whose row of the
// other studio its arguments are taken from, and arguments that are taken from nowhere,
// as SQL. "new" is an id that nobody has, {image} the other studio's picture.
//
// Each is asked with one studio's id and all else of the other one. It must neither
// show nor change anything there, nor tell whether those things exist. And asked as the
// other studio it must do so, or the row proves nothing.
const apart = `
AccountByEmail account
AccountByID account
AccountsByAddress account from_key='owner' to_key='owner~' after_key='' role=NULL blocked=NULL expired=NULL
AccountsByDomain account from_domain='foreign' to_domain='foreign~' after_domain='' after_key='' from_key='zz' to_key='zz~' role=NULL blocked=NULL expired=NULL
AccountsByID account
Activity device moment='1970-01-01' day='1970-01-01' week='1970-01-01' horizon='2999-01-01'
Addressee account device_hashes={device.secret_hash}
AssignBooking booking
AssignJob job photographer_id=NULL
AccountsOfAddress account
AuditEntries audit_entry
AuditEntriesByID audit_entry
AuditEntriesOfAction audit_entry
AuditEntriesOfActor audit_entry
AuditEntriesOfActorAndAction audit_entry
AuditEntriesOfImage audit_entry
AuditEntriesOfJob audit_entry
AuditEntriesOfJobs audit_entry job_ids={job}
AuditHead audit_head
AuditSequenceAt audit_entry at='1970-01-01'
AuditSpan audit_entry after=0 through=1000
BeginMultipart upload multipart='begun'
BookedByPerson booking
BookingsByID booking
BookingsOfPerson booking photographer_id=NULL state=NULL
BookingsOfTenant booking
BookingsOfTenantInState booking
BookingsSince booking since='1970-01-01'
ChallengeSubject login_challenge
ClaimAccount account id=new
ClaimJobs job customer_email_key='waiting@foreign.test'
CountBookingsOfPerson booking photographer_id=NULL state=NULL
CountBookingsOfTenant booking states='{REQUESTED}'
CountImagesOfJobs image job_ids={job}
CountJobsOfPerson job photographer_id=NULL status=NULL
CountJobsOfTenant job
CountMismatch session most=3
CustomerToNotify job
DeliveredIn image
DeliveriesToPerson delivery
DeviceOfAccount device
DevicesByID device
DevicesInUse device
DevicesOfAccounts device account_ids={account}
DevicesOfPerson device
EndArchive delivery state='FINISHED' bytes_sent=1
EnsureAccount account id=new
EraseAccount account tombstone='erased_x'
EraseBookings booking
EraseChallenges login_code
EraseCodes login_code
EraseDevices device
EraseJobs job tombstone='erased_x'
EraseSessions session
EraseUploads upload
EventsOfBookings booking booking_ids={booking}
FreePosition image wished=0
EraseUnsubscribed unsubscribed
EraseUnsubscribeTokens unsubscribe_token
HasImageIn image
HasOpenBooking booking
HasUnlocked booking bookings='{}' jobs='{}'
ImageHistoryOfAudit audit_entry image_ids={image}
ImageHistoryOfDelivery delivery image_ids={image} job_ids={job}
ImageHistoryOfJobs audit_entry job_ids={job} actions='{test}'
ImageHistoryOfSelection selection_event image_ids={image}
ImageOfContent image
ImagesByID image
ImagesInStates image
ImagesOfJobs image job_ids={job}
ImagesWithJob image
ImportByID image_import
ImportsToRun image_import
InactiveCustomers account
InsertAuditEntries audit_entry id=new sequence=999
InsertBooking booking id=new package='small'
InsertBookingEvent booking_event id=new number=9
InsertChallenge login_challenge id=new secret_hash=sha256('new')
InsertCode login_code id=new
InsertImage image id=new sha256=sha256('new') object_key='new' 
InsertJob job id=new
InsertJobOfBooking jobless id=new title='another'
InsertSecurityEvents security_event ids=ARRAY[new] events='{test}' account_ids={account} address_keys=ARRAY[''::bytea] routes='{/}' details='{""}' request_ids='{r}' counts='{1}' first_at=ARRAY[now()] last_at=ARRAY[now()]
InsertSelectionEvents selection_event ids=ARRAY[new] image_ids={image} old_states='{NONE}' new_states='{INCLUDED}'
InsertNotification notification id=new
InsertUnsubscribeToken unsubscribe_token token_hash=sha256('new') email_key='idle@foreign.test'
InsertSettlement settlement id=new payment_reference='another'
InsertUpload upload id=new sha256=sha256('new')
JobsByID job
JobsOfBookings booking booking_ids={booking}
JobsOfPerson job photographer_id=NULL status=NULL
JobsOfTenant job
JobsOfTenantInStatus job
KeepDevice device id=new name='another'
LastPosition image
LatestCode login_code asker=sha256('')
LockAccount account
LockBooker account
LockBooking booking
LockBookingsOfCustomer booking
LockHead audit_head
LockJob job
LockJobsOfCustomer job email_key='owner@example.com'
LockPerson account
LockTenantStaff account
LockUpload upload
LockUploader account
LiftSuppression session
MailStandings account ids={account}
Resubscribe session
UnsubscribeAccount image_import
MarkDelivered image ids={image}
MoveBooking booking state='DECLINED' message='another'
MoveHead audit_head sequence=9 at=now()
MoveImages image ids={image} old_states='{INCLUDED}' new_states='{NONE}'
MoveUpload upload state='EXPIRED' ended_at=now()
NextAuditSequence audit_entry sequence=0
NotificationsOfPerson job
Packages package
PackagesOfStudio job included_actions='{}' all_actions='{}'
PutOffUpload verifying due_at=now()
RaiseSecurityAlert security_alert id=new scope={tenant} since='1970-01-01' quiet_since=now()+'1d' threshold=1 now=now()+'2d'
RecordDelivery delivery id=new way='URL'
RemoveDevice device
RenewUpload upload address_key='another'
ResetTenantText tenant_text
RevokeAccountSessions session
RevokeDeviceSessions session
RevokeSession session
SecurityEventByID security_event scopes=ARRAY[{tenant}]
SecurityEvents security_event scopes=ARRAY[{tenant}]
SecurityEventsOfKind security_event scopes=ARRAY[{tenant}]
SelectionsOf selection_event ids={image}
SelectionsOfPerson selection_event
SessionByID session
SessionsOfPerson session
SetAccountBlocked account blocked_at=now()
SetAccountMaxDevices account max_devices=7
SetAccountRole account role='PHOTOGRAPHER'
SetAccountValidUntil account valid_until=now()
SetAllImagesIncluded job all_images_included=false
SetCustomerUploads job customer_uploads=true
SetIncludedImages job included_images=77
SetJobStatus job status='DELIVERED'
SetPackage package name='another'
SetTenantText tenant_text body='another'
SettlementByReference settlement
SpendCodes login_code
StaffToAlert account
StartArchive delivery id=new session_id=new staff=false resumed=false
StartImport image_import id=new
StartSession session id=new token_hash=sha256('new')
StateEntriesOf audit_entry ids={image} actions='{test}'
StatesOfImages image
StatesOfStudio image
TakenAt image
TenantText tenant_text
TenantTexts tenant_text
UploadOfFile upload
UploadedByPerson upload
UploadsByID upload
UploadsOfJob upload states=NULL
UploadsToTake upload
UploadsOfPerson upload states=NULL
ClaimDelivery webhook_delivery until=now() now=now()+'1d'
DropForWebhooks webhook ids={webhook} now=now()+'1d' before=now()+'1d'
DueDelivery webhook_delivery now=now()+'1d'
EndWebhookDeliveries webhook_delivery
TakeReleasesToTell image ids={image} now=now()+'1d' before=now()+'1d'
TookArchive delivery since='1970-01-01'
InsertWebhook webhook id=new
InsertWebhookDeliveries webhook_delivery ids=ARRAY[new] webhook_ids={webhook} event_ids={webhook_event}
InsertWebhookEvents webhook_event ids=ARRAY[new] bodies='{another}'
LockWebhook webhook
NoteDelivery webhook_delivery last_at=now()
RemoveWebhook webhook
RestartDelivery delivered
RotateWebhookSecret webhook secret=sha256('new') old_until=now()
SetWebhook webhook url='https://another.example/'
SetWebhookFailing webhook failing_since=now()
StatesOfJob image
WasToldAlike webhook_event since='1970-01-01'
WebhookByID webhook
WebhookDeliveries webhook_delivery
WebhookDeliveryByID webhook_delivery
Webhooks webhook
WebhooksFor webhook type='job.ready'
`

// unstudied are statements that name no studio, and why nobody gets past one by them.
var unstudied = map[string]string{
	"CodeToMail": "of a task, which a transaction of the studio queued", "MarkMailed": "likewise", "ImportToRun": "likewise", "SetImportFound": "likewise",
	"CountImport": "likewise", "FinishImport": "likewise", "SecurityAlert": "likewise", "MarkAlertMailed": "likewise",
	"SessionByToken": "by a secret of 256 bits; who asks compares the studio", "TakeTry": "by a challenge's secret, which ChallengeSubject found in the studio",
	"TouchDevices":  "by devices of live sessions; changes when they were seen, and shows nothing",
	"LockAddress":   "a number, no row",
	"Spend":         "by keyed hashes of what is counted, the studio among it",
	"Refund":        "likewise",
	"PurgeLogin":    "of all studios, by time",
	"PurgeSessions": "likewise",
	"PurgeBudgets":  "likewise",
	"Tenants":       "the studios themselves",
	"InsertTenant":  "likewise",
	"NameTenant":    "likewise",
	"LockTenant":    "likewise",
	"SetTenant":     "likewise",
	"StartChain":    "does nothing where a chain has begun, which is with a studio's first entry",

	"LockTenantBySlug":      "likewise",
	"SetTenantDevicePolicy": "likewise",
	"LockOffer":             "likewise",
	"LockUploadQuota":       "likewise",

	"BookingNews": "of a task, which a transaction of the studio queued", "MarkBookingMailed": "likewise", "UploadToTake": "likewise",
	"LockTask":         "a number, no row",
	"ForgetBudgets":    "by keyed hashes of what is counted, the studio among it",
	"DueUploads":       "of all studios, by time",
	"UploadsInStaging": "of all studios, by the names of objects that lie in the storage",
	"Watchers":         "by sessions, each of which finds jobs of its own studio only; see TestWatchersOfAnotherStudioSeeNothing",

	"LockCronKey": "the installation's maintenance, no studio's", "CronRunOfKey": "likewise", "LiveCronRun": "likewise", "MakeCronLease": "likewise", "LockFreeCronLease": "likewise",
	"TakeCronLease": "likewise", "RenewCronLease": "likewise", "HoldCronLease": "likewise", "ReleaseCronLease": "likewise", "LoseCronRuns": "likewise", "StartCronRun": "likewise",
	"FinishCronRun": "likewise", "LastCronRuns": "likewise", "CronRuns": "likewise", "CronRunsOfTask": "likewise", "CronRunByID": "likewise", "PurgeCronRuns": "likewise",

	"Notification": "of a task, which a transaction of the studio queued", "MarkNotified": "likewise",
	"Unsubscribe":        "by a secret of 256 bits, which names the studio",
	"SuppressMail":       "of a mailbox, for all studios: they share one account at SES",
	"HasBounced":         "likewise",
	"KeepMailReport":     "of Amazon's posts",
	"EraseSuppression":   "of a mailbox, for all studios: see docs/notifications.md",
	"CountMail":          "of all studios' mails, and nobody's: they share one account at SES",
	"MailSince":          "likewise",
	"PurgeNotifications": "of all studios, by time", "PurgeUnsubscribeTokens": "likewise", "PurgeSuppressions": "likewise", "PurgeMailReports": "likewise",

	"DeliveryToPost": "of a task, which a transaction of the studio queued", "LockSameness": "a number, no row", "PurgeWebhookEvents": "of all studios, by time",
	"OldWebhookEvents": "likewise", "LockWebhooksOf": "likewise",

	"PurgeSecurityEvents": "of all studios, by time", "InstallationEventSince": "of the installation", "OperatorsToAlert": "likewise: operators belong to it",
}

// arguments are what the generated Go hands to each statement, in order, as columns are
// spelled.
func arguments(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("../queries/*.go")
	if err != nil {
		t.Fatal(err)
	}
	names, all := map[string]string{}, map[string][]string{} // constant to statement; statement to arguments
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
				if literal, ok := spec.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
					text, _ := strconv.Unquote(literal.Value)
					if fields := strings.Fields(text); len(fields) > 2 && fields[1] == "name:" {
						names[spec.Names[0].Name], all[fields[2]] = fields[2], nil
					}
				}
			}
			return true
		})
		for _, declared := range parsed.Decls {
			function, ok := declared.(*ast.FuncDecl)
			if !ok {
				continue
			}
			var handed []ast.Expr // of a batch
			ast.Inspect(function, func(n ast.Node) bool {
				if literal, ok := n.(*ast.CompositeLit); ok {
					if _, isSlice := literal.Type.(*ast.ArrayType); isSlice {
						handed = literal.Elts
					}
				}
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				for i, argument := range call.Args {
					constant, ok := argument.(*ast.Ident)
					if !ok || names[constant.Name] == "" {
						continue
					}
					given := call.Args[i+1:]
					if i == 0 {
						given = handed
					}
					all[names[constant.Name]] = []string{}
					for _, one := range given {
						all[names[constant.Name]] = append(all[names[constant.Name]], column(one))
					}
				}
				return true
			})
		}
	}
	return all
}

var word = regexp.MustCompile(`[A-Z]+[a-z0-9]*`)

// column spells a Go name as a column: arg.AccountID is account_id.
func column(one ast.Expr) string {
	name := ""
	switch e := one.(type) {
	case *ast.Ident:
		name = e.Name
	case *ast.SelectorExpr:
		name = e.Sel.Name
	}
	if name == "argID" || name == "iD" {
		return "id"
	}
	name = strings.ToUpper(name[:1]) + name[1:]
	return strings.ToLower(strings.Join(word.FindAllString(name, -1), "_"))
}

// everywhere are arguments that mean the same in every statement.
var everywhere = map[string]string{
	"now": "now()", "seen_since": "'1970-01-01'", "seen_before": "'2999-01-01'", "from_at": "'1970-01-01'", "after_at": "'1970-01-01'", "before_at": "'2999-01-01'",
	"before_id": "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "after_id": "'00000000-0000-0000-0000-000000000000'", "after_job": "'00000000-0000-0000-0000-000000000000'",
	"after_position": "-1", "from_sequence": "0", "before_sequence": "1000", "max_rows": "100", "statuses": "'{OPEN,CLOSED}'",
	"states": "'{NONE,INCLUDED,EXTRA_PENDING,EXTRA_PAID,EXTRA_FREE,BLOCKED}'",
}

// studioPair are two studios with rows in every table, and the rows of the other one
// that arguments are taken from.
type studioPair struct {
	*cast.Cast
	db   *stage.DB
	rows map[string]map[string]any // by table, of the other studio
	ids  []string                  // all that the other studio has
}

func newStudioPair(t *testing.T) *studioPair {
	t.Helper()
	db, c := populated(t)
	p := &studioPair{Cast: c, db: db, rows: map[string]map[string]any{}}
	for _, sql := range []string{ // what some statements need to find anything
		"UPDATE delivery SET way = 'ZIP', session_id = id, state = 'STARTED', resumed = false, bytes_sent = 0 WHERE tenant_id = $1",
		"UPDATE image SET delivered_at = now() WHERE tenant_id = $1 AND selection_state = 'EXTRA_PAID'",
		`INSERT INTO audit_entry (id, tenant_id, sequence, at, action, job_id, request_id, canonical, prev, hash, key_id)
			SELECT gen_random_uuid(), tenant_id, 2, now(), 'test', job_id, 'r', '', prev, hash, 'k' FROM audit_entry WHERE tenant_id = $1`,
		`INSERT INTO upload (id, tenant_id, job_id, account_id, session_id, address_key, state, filename, content_type, size, sha256, part_size, due_at, created_at)
			SELECT gen_random_uuid(), u.tenant_id, u.job_id, u.account_id, u.session_id, 'k', o.state, 'a.jpg', 'image/jpeg', 1, sha256(o.state::bytea), 0, now(), now()
			FROM upload u, unnest(ARRAY['PENDING', 'VERIFYING']) AS o (state) WHERE u.tenant_id = $1`,
		"UPDATE job SET photographer_id = account_id WHERE tenant_id = $1",
		"INSERT INTO image_import (id, tenant_id, job_id, account_id, prefix, state, created_at) SELECT gen_random_uuid(), tenant_id, job_id, account_id, 'running', 'RUNNING', now() FROM image_import WHERE tenant_id = $1",
		"INSERT INTO webhook_delivery SELECT gen_random_uuid(), tenant_id, webhook_id, event_id, 'DELIVERED', 1, 204, NULL, now(), NULL, now() FROM webhook_delivery WHERE tenant_id = $1",
		// And what is the other studio's must not look like the first one's.
		"UPDATE audit_entry SET sequence = sequence + 100 WHERE tenant_id = $1",
		"UPDATE audit_head SET sequence = 102 WHERE tenant_id = $1",
		"UPDATE tenant_text SET subject = 'Another' WHERE tenant_id = $1",
		"UPDATE webhook_event SET sameness = 'another' WHERE tenant_id = $1",
	} {
		c.Exec(t, sql, c.ForeignTenantID)
	}
	c.Exec(t, "UPDATE job SET booking_id = $2 WHERE id = $1", c.ForeignJob.ID, c.ForeignBooking.ID)
	c.Job(t, &cast.Person{TenantID: c.ForeignTenantID, Email: "waiting@foreign.test"}, nil, true)
	c.Person(t, c.ForeignTenantID, "idle@foreign.test", "CUSTOMER")
	p.rows["tenant"] = map[string]any{"id": c.ForeignTenantID.String()}
	p.ids = append(p.ids, c.ForeignTenantID.String())
	for _, table := range tenantTables(t, db) {
		for _, text := range lines(t, db.Owner, "SELECT to_jsonb(x)::text FROM "+table+` x WHERE tenant_id = $1 ORDER BY
			coalesce(to_jsonb(x)->>'account_id' = $2, false) DESC, coalesce(to_jsonb(x)->>'id' IN ($2, $3, $4, $5), false) DESC, coalesce(to_jsonb(x)->>'state' = 'PENDING', false) DESC`,
			c.ForeignTenantID, c.Foreigner.AccountID.String(), c.ForeignJob.ID.String(), c.ForeignJob.Images[job.Included].String(), c.ForeignBooking.ID.String()) {
			var row map[string]any
			if err := json.Unmarshal([]byte(text), &row); err != nil {
				t.Fatal(err)
			}
			if p.rows[table] == nil || table == "job" && row["id"] == c.ForeignJob.ID.String() {
				p.rows[table] = row
			}
			if id, ok := row["id"].(string); ok {
				p.ids = append(p.ids, id)
			}
		}
	}
	for name, sql := range map[string]string{ // what some statements need instead of the first row
		"verifying": "SELECT to_jsonb(x)::text FROM upload x WHERE tenant_id = $1 AND state = 'VERIFYING'",
		"delivered": "SELECT to_jsonb(x)::text FROM webhook_delivery x WHERE tenant_id = $1 AND state = 'DELIVERED'",
		"jobless":   "SELECT to_jsonb(x)::text FROM booking_event x WHERE tenant_id = $1 AND booking_id <> $2",
	} {
		args := []any{c.ForeignTenantID, c.ForeignBooking.ID}
		var row map[string]any
		if err := json.Unmarshal([]byte(lines(t, db.Owner, sql, args[:strings.Count(sql, "$")]...)[0]), &row); err != nil {
			t.Fatal(err)
		}
		p.rows[name] = row
	}
	return p
}

func tenantTables(t *testing.T, db *stage.DB) []string {
	t.Helper()
	return lines(t, db.Owner, "SELECT attrelid::regclass::text FROM pg_attribute JOIN pg_class ON oid = attrelid WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attname = 'tenant_id' ORDER BY 1")
}

// literal writes a value as SQL.
func literal(value any) string {
	switch v := value.(type) {
	case nil:
		return "NULL"
	case []any:
		words := make([]string, len(v))
		for i, one := range v {
			words[i] = fmt.Sprint(one)
		}
		return "'{" + strings.Join(words, ",") + "}'"
	case map[string]any:
		text, _ := json.Marshal(v) // it was read from JSON
		return "'" + string(text) + "'"
	}
	return "'" + strings.ReplaceAll(fmt.Sprint(value), "'", "''") + "'"
}

var (
	placeholder = regexp.MustCompile(`\{([a-z_]+)(?:\.([a-z_]+))?\}`)
	aUUID       = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

// call writes the arguments of a statement: of the other studio, with the id of studio
// where one is named.
func (p *studioPair) call(t *testing.T, name, table string, overrides map[string]string, arguments []string, studio string) string {
	t.Helper()
	var given []string
	for _, argument := range arguments {
		value, known := overrides[argument]
		row, inRow := p.rows[table][argument]
		switch {
		case known:
			value = placeholder.ReplaceAllStringFunc(value, func(found string) string {
				part := placeholder.FindStringSubmatch(found)
				switch {
				case part[1] == "tenant":
					return "'" + studio + "'::uuid"
				case part[2] != "":
					return "ARRAY[" + literal(p.rows[part[1]][part[2]]) + "::bytea]"
				case p.rows[part[1]] != nil:
					return "ARRAY[" + literal(p.rows[part[1]]["id"]) + "::uuid]"
				}
				return found
			})
			value = regexp.MustCompile(`\bnew\b`).ReplaceAllString(value, "gen_random_uuid()")
			value = strings.ReplaceAll(strings.ReplaceAll(value, "'gen_random_uuid()'", "'new'"), "erased_x", "erased x")
		case argument == "tenant_id":
			value = "'" + studio + "'"
		case argument == "tenant_ids":
			value = "'{" + studio + "}'"
		case everywhere[argument] != "":
			value = everywhere[argument]
		case argument == "ids":
			value = "'{" + fmt.Sprint(p.rows[table]["id"]) + "}'"
		case inRow:
			value = literal(row)
		default:
			t.Fatalf("%s: no value for %s: take it from another table, or give it one", name, argument)
		}
		given = append(given, value)
	}
	if given == nil {
		return fmt.Sprintf("EXECUTE %q", name)
	}
	return fmt.Sprintf("EXECUTE %q(%s)", name, strings.Join(given, ", "))
}

// nobodys is the same call about things that do not exist.
func nobodys(call, studio string) string {
	return aUUID.ReplaceAllStringFunc(call, func(one string) string {
		if one == studio || strings.HasPrefix(one, "00000000-") || strings.HasPrefix(one, "ffffffff-") {
			return one
		}
		return "0badc0de" + one[8:]
	})
}

// outcome is what a call shows, and the other studio after it.
type outcome struct {
	shown   string // rows as text; "error" for one that the database refuses
	content string
}

// do runs a call and takes it back.
func (p *studioPair) do(t *testing.T, conn *pgx.Conn, call string) (o outcome) {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), "SAVEPOINT before"); err != nil {
		t.Fatal(err)
	}
	rows, err := tx.Query(t.Context(), call, pgx.QueryExecModeSimpleProtocol)
	if err == nil {
		for rows.Next() {
			for _, value := range rows.RawValues() {
				o.shown += string(value) + "|"
			}
			o.shown += "\n"
		}
		err = rows.Err()
	}
	if err != nil {
		if state, _ := refusal(err); state != "23503" && state != "23514" {
			t.Errorf("%s: %v", call, err)
		}
		o.shown = "error"
		if _, err := tx.Exec(t.Context(), "ROLLBACK TO before"); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range tenantTables(t, p.db) {
		var hash string
		if err := tx.QueryRow(t.Context(), "SELECT coalesce(md5(string_agg(x::text, '|' ORDER BY x::text)), '') FROM "+table+" x WHERE tenant_id = $1", p.ForeignTenantID).Scan(&hash); err != nil {
			t.Fatal(err)
		}
		o.content += hash
	}
	return o
}

// TestNoStatementReachesAcrossStudios asks each statement for another studio's things.
func TestNoStatementReachesAcrossStudios(t *testing.T) {
	t.Parallel()
	p, sql, handed := newStudioPair(t), statements(t), arguments(t)
	pooled, err := p.db.Owner.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer pooled.Release()
	conn := pooled.Conn()
	listed := map[string]bool{}
	ours, theirs := p.TenantID.String(), p.ForeignTenantID.String()
	untouched := p.do(t, conn, "SELECT").content
	for line := range strings.Lines(strings.TrimSpace(apart)) {
		words := strings.Fields(line)
		name, table, overrides := words[0], words[1], map[string]string{}
		for _, pair := range words[2:] {
			argument, value, _ := strings.Cut(pair, "=")
			overrides[argument] = value
		}
		listed[name] = true
		if sql[name] == "" || p.rows[table] == nil {
			t.Errorf("%s of %s is gone: take its row out", name, table)
			continue
		}
		if _, err := conn.Exec(t.Context(), fmt.Sprintf("PREPARE %q AS %s", name, sql[name])); err != nil {
			t.Fatal(err)
		}
		for argument := range overrides {
			if !slices.Contains(handed[name], argument) {
				t.Errorf("%s takes no %s, only %v", name, argument, handed[name])
			}
		}
		across := p.call(t, name, table, overrides, handed[name], ours)
		got, none, own := p.do(t, conn, across), p.do(t, conn, nobodys(across, ours)), p.do(t, conn, p.call(t, name, table, overrides, handed[name], theirs))
		if got.content != untouched {
			t.Errorf("%s changes another studio's rows: %s", name, across)
		}
		for _, id := range p.ids {
			if strings.Contains(got.shown, id) {
				t.Errorf("%s shows another studio's %s: %s", name, id, across)
			}
		}
		if got.shown != none.shown && !strings.Contains(across, "gen_random_uuid()") {
			t.Errorf("%s tells another studio's things from what does not exist: %q, %q", name, got.shown, none.shown)
		}
		if own.content == untouched && own.shown == got.shown {
			t.Errorf("%s does nothing in the studio itself, so its row proves nothing: %q", name, own.shown)
		}
	}
	for name := range sql {
		if listed[name] == (unstudied[name] != "") {
			t.Errorf("%s: has a row in apart %t, a reason in unstudied %q", name, listed[name], unstudied[name])
		}
	}
	for name := range unstudied {
		if sql[name] == "" {
			t.Errorf("unstudied speaks of %s, which is gone", name)
		}
	}
	for name := range listed {
		named := slices.ContainsFunc([]string{"tenant_id", "tenant_ids", "scope", "scopes"}, func(argument string) bool { return slices.Contains(handed[name], argument) })
		if !named {
			t.Errorf("%s names no studio", name)
		}
	}
}

// A session of one studio watches no job of another one, whoever asks.
func TestWatchersOfAnotherStudioSeeNothing(t *testing.T) {
	t.Parallel()
	db, c := populated(t)
	sql := statements(t)["Watchers"]
	for _, pair := range []struct {
		session *cast.Person
		job     *cast.Job
		want    int
	}{{c.Owner, c.Package, 1}, {c.Owner, c.ForeignJob, 0}, {c.Foreigner, c.Package, 0}, {c.Foreigner, c.ForeignJob, 1}} {
		rows, err := db.Owner.Query(t.Context(), sql, []id.ID{pair.session.SessionID}, []id.ID{pair.job.ID}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for rows.Next() {
			n++
		}
		if rows.Err() != nil || n != pair.want {
			t.Errorf("a session of %s watches %d jobs, want %d; %v", pair.session.Email, n, pair.want, rows.Err())
		}
	}
}
