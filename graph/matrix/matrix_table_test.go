package matrix

import (
	"slices"
	"strings"
)

// callers are who asks, in the order of every table's columns.
var callers = strings.Fields("anon own oth pho idl adm opr blk exp rem for fad str")

// anon: signed out · own: the customer whose things are asked for · oth: another
// customer · pho, idl: photographers, of the job and of none · adm, opr: admin and
// operator of the studio · blk, exp: blocked, membership over · rem: the device was
// removed · for, fad: customer and admin of another studio, there · str: that
// admin's session at this studio's address.
//
// What comes back, one mark for each caller:
//
//	v    a value
//	0    an empty list
//	n    null, without an error
//	-    not there: the list does not hold it, or its parent is null
//	401  UNAUTHENTICATED, BLK ACCOUNT_BLOCKED, EXP MEMBERSHIP_EXPIRED: the whole
//	     request, before any resolver runs
//	403  FORBIDDEN: likewise where the request names the thing, else the field is
//	     null with an error at its path
//	REJ  QUERY_REJECTED: the whole request, for everybody, before it is asked who they are
//	r…   the whole request, by the resolver: r403, rBLK, rEXP, r400 VALIDATION_FAILED,
//	     rOTP OTP_INVALID, rDEV DEVICE_LIMIT
//	.    in the table of ways: as the field's own row says
//
// A row is about the owner's job without all images, and its INCLUDED picture.
// [NONE] is the same for the picture in that state, [all NONE] for that of the job
// with all images; [viewer] for the way of that name only.
const fieldRows = `
                                 anon own oth pho idl adm opr blk exp rem for fad str
Query.viewer                     n    v   v   v   v   v   v   v   v   n   v   v   n
Query.node                       401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Query.job                        401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Query.image                      401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Query.jobs                       401  v   v   v   v   v   v   BLK EXP 401 v   v   401
Query.booking                    401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Query.bookings                   401  v   v   v   v   v   v   BLK EXP 401 v   v   401
Query.packages                   v    v   v   v   v   v   v   v   v   v   v   v   v
Query.auditLog                   401  403 403 403 403 v   v   BLK EXP 401 403 v   401
Query.auditVerification          401  403 403 403 403 v   v   BLK EXP 401 403 v   401
Query.securityEvents             401  403 403 403 403 v   v   BLK EXP 401 403 v   401
Query.account                    401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Query.accounts                   401  403 403 403 403 v   v   BLK EXP 401 403 v   401
Query.activity                   401  403 403 403 403 v   v   BLK EXP 401 403 v   401
Query.secrets                    401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Query.tenants                    401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Query.tenant                     401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Query.maintenanceRuns            401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Query.mailHealth                 401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Query.tasks                      401  403 403 403 403 403 v   BLK EXP 401 403 403 401

Job.id                           401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.title                        401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.status                       401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.createdAt                    401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.includedImages               401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.allImagesIncluded            401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.sellsExtras                  401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.package                      401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.images                       401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.zipUrl                       401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.contactSheetUrl              401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.zipUrl [all NONE]            401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.zipUrl [createJob]           401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Job.auditLog                     401  -   403 -   403 v   v   BLK EXP 401 403 403 401
Job.auditLog [chosen]            401  -   r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401
Job.zipUrl [chosen]              401  v   r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401
Job.zipUrl [moved]               401  403 403 403 403 v   v   BLK EXP 401 403 r403 401

PackageUse.included              401  v   403 v   403 v   v   BLK EXP 401 403 403 401
PackageUse.used                  401  v   403 v   403 v   v   BLK EXP 401 403 403 401
PackageUse.remaining             401  v   403 v   403 v   v   BLK EXP 401 403 403 401
PackageUse.extrasPending         401  v   403 v   403 v   v   BLK EXP 401 403 403 401
PackageUse.extrasPaid            401  v   403 v   403 v   v   BLK EXP 401 403 403 401
PackageUse.extrasFree            401  v   403 v   403 v   v   BLK EXP 401 403 403 401
PackageUse.delivered             401  v   403 v   403 v   v   BLK EXP 401 403 403 401

JobConnection.edges              401  v   v   v   0   v   v   BLK EXP 401 v   v   401
JobConnection.nodes              401  v   v   v   0   v   v   BLK EXP 401 v   v   401
JobConnection.pageInfo           401  v   v   v   v   v   v   BLK EXP 401 v   v   401
JobConnection.totalCount         401  v   v   v   v   v   v   BLK EXP 401 v   v   401
JobEdge.cursor                   401  v   v   v   -   v   v   BLK EXP 401 v   v   401
JobEdge.node                     401  v   v   v   -   v   v   BLK EXP 401 v   v   401

ImageConnection.edges            401  v   403 v   403 v   v   BLK EXP 401 403 403 401
ImageConnection.nodes            401  v   403 v   403 v   v   BLK EXP 401 403 403 401
ImageConnection.pageInfo         401  v   403 v   403 v   v   BLK EXP 401 403 403 401
ImageConnection.totalCount       401  v   403 v   403 v   v   BLK EXP 401 403 403 401
ImageEdge.cursor                 401  v   403 v   403 v   v   BLK EXP 401 403 403 401
ImageEdge.node                   401  v   403 v   403 v   v   BLK EXP 401 403 403 401

PageInfo.hasNextPage             401  v   v   v   v   v   v   BLK EXP 401 v   v   401
PageInfo.hasPreviousPage         401  v   v   v   v   v   v   BLK EXP 401 v   v   401
PageInfo.startCursor             401  v   v   v   n   v   v   BLK EXP 401 v   v   401
PageInfo.endCursor               401  v   v   v   n   v   v   BLK EXP 401 v   v   401

Image.id                         401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.filename                   401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.contentType                401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.size                       401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.width                      401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.height                     401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.capturedAt                 401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.capturedAt [chosen]        401  n   r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401
Image.capturedAt [moved]         401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Image.sha256                     401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.selectionState             401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.released                   401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.releaseReason              401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.deliveredAt                401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.deliveredAt [chosen]       401  n   r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401
Image.deliveredAt [moved]        401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Image.job                        401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.previewUrl                 401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.previewUrl [chosen]        401  v   r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401
Image.previewUrl [moved]         401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
Image.previewUrl [NONE]          401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.previewUrl [BLOCKED]       401  n   403 n   403 n   n   BLK EXP 401 403 403 401
Image.previewUrl [all BLOCKED]   401  n   403 n   403 n   n   BLK EXP 401 403 403 401
Image.downloadUrl                401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.downloadUrl [chosen]       401  v   r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401
Image.downloadUrl [moved]        401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
Image.downloadUrl [NONE]         401  403 403 v   403 v   v   BLK EXP 401 403 403 401
Image.downloadUrl [EXTRA_PENDING] 401 403 403 v   403 v   v   BLK EXP 401 403 403 401
Image.downloadUrl [EXTRA_PAID]   401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.downloadUrl [EXTRA_FREE]   401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.downloadUrl [BLOCKED]      401  403 403 v   403 v   v   BLK EXP 401 403 403 401
Image.downloadUrl [all NONE]     401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image.downloadUrl [all BLOCKED]  401  403 403 v   403 v   v   BLK EXP 401 403 403 401
Image.history                    401  -   403 -   403 v   v   BLK EXP 401 403 403 401
Image.history [chosen]           401  -   r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401

Account.id                       401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Account.email                    401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Account.role                     401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Account.verifiedAt               401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Account.validUntil               401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Account.validUntil [viewer]      -    v   n   n   n   n   n   n   v   -   n   n   -
Account.validUntil [verifyOtp]   n    n   n   n   n   n   n   n   n   n   n   n   n
Account.blockedAt                401  n   403 403 403 n   n   BLK EXP 401 403 403 401
Account.blockedAt [viewer]       -    n   n   n   n   n   n   v   n   -   n   n   -
Account.blockedAt [verifyOtp]    n    n   n   n   n   n   n   n   n   n   n   n   n
Account.maxDevices               401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Account.lastSeenAt               401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Account.tenant                   401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Account.validUntil [leaver]      401  v   n   n   n   n   n   BLK EXP 401 n   n   401
Account.blockedAt [leaver]       401  n   n   n   n   n   n   BLK EXP 401 n   n   401
Account.blockedAt [acted]        401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Account.notifications            401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Account.mailSuppressed           401  n   403 403 403 v   v   BLK EXP 401 403 403 401
Account.mailSuppressed [viewer]  -    n   n   n   n   v   v   n   n   -   n   v   -
Account.mailSuppressed [verifyOtp] n  n   n   n   n   n   n   n   n   n   n   n   n
Account.mailSuppressed [leaver]  401  n   n   n   n   v   v   BLK EXP 401 n   v   401
Account.mailSuppressed [blocked] 401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Account.mailSuppressed [photographer] 401 - 403 n 403 v   v   BLK EXP 401 403 403 401
Account.mailSuppressed [wish]    401  n   n   n   n   v   v   BLK EXP 401 n   v   401
Account.validUntil [wish]        401  v   n   n   n   n   n   BLK EXP 401 n   n   401
Account.blockedAt [wish]         401  n   n   n   n   n   n   BLK EXP 401 n   n   401
Job.booking [notified]           401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Account.mailSuppressed [erased]  401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Account.mailSuppressed [acted]   401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
MailSuppression.cause            401  -   403 403 403 v   v   BLK EXP 401 403 403 401
MailSuppression.since            401  -   403 403 403 v   v   BLK EXP 401 403 403 401
NotifyCustomerPayload.job        401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
NotifyCustomerPayload.userErrors 401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
SetNotificationsPayload.account  401  v   v   v   v   v   v   BLK EXP 401 v   v   401
LiftMailSuppressionPayload.account 401 403 403 403 403 v  v   BLK EXP 401 403 r403 401
Account.devices                  401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Account.devices [leaver]         401  0   0   0   0   0   0   BLK EXP 401 0   0   401
Account.exportUrl                401  v   403 403 403 n   n   BLK EXP 401 403 403 401
Account.exportUrl [viewer]       -    v   v   v   v   v   v   v   v   -   v   v   -
Account.exportUrl [verifyOtp]    n    n   n   n   n   n   n   n   n   n   n   n   n
Account.exportUrl [erased]       401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Account.exportUrl [acted]        401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Account.exportUrl [photographer] 401  -   403 v   403 n   n   BLK EXP 401 403 403 401
Account.exportUrl [blocked]      401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Account.devices [erased]         401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
Account.verifiedAt [erased]      401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Account.validUntil [erased]      401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Account.blockedAt [erased]       401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
Account.lastSeenAt [erased]      401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Tenant.id                        401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Tenant.slug                      401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Tenant.name                      401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Tenant.devicePolicy              401  v   403 403 403 v   v   BLK EXP 401 403 403 401

Device.id                        401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Device.name                      401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Device.kind                      401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Device.createdAt                 401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Device.lastSeenAt                401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Device.current                   401  v   403 403 403 v   v   BLK EXP 401 403 403 401
AccountConnection.edges          401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AccountConnection.nodes          401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AccountConnection.pageInfo       401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AccountEdge.cursor               401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AccountEdge.node                 401  403 403 403 403 v   v   BLK EXP 401 403 v   401
Activity.now                     401  403 403 403 403 v   v   BLK EXP 401 403 v   401
Activity.today                   401  403 403 403 403 v   v   BLK EXP 401 403 v   401
Activity.week                    401  403 403 403 403 v   v   BLK EXP 401 403 v   401
ActiveAccounts.all               401  403 403 403 403 v   v   BLK EXP 401 403 v   401
ActiveAccounts.handheld          401  403 403 403 403 v   v   BLK EXP 401 403 v   401
ActiveAccounts.desktop           401  403 403 403 403 v   v   BLK EXP 401 403 v   401
ActiveAccounts.other             401  403 403 403 403 v   v   BLK EXP 401 403 v   401
Tenant.locale                    401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Tenant.timeZone                  401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Tenant.signUpOpen                401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Tenant.createdAt                 401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Tenant.settings                  401  -   403 403 403 v   v   BLK EXP 401 403 403 401
Tenant.settings [viewer's]       -    -   -   -   -   v   v   -   -   -   -   v   -
Tenant.settings [by its id]      401  -   -   -   -   v   v   BLK EXP 401 403 403 401
TenantSettings.hosts             -    -   -   -   -   v   v   -   -   -   -   v   -
TenantSettings.origins           -    -   -   -   -   v   v   -   -   -   -   v   -
TenantSettings.sender            -    -   -   -   -   v   v   -   -   -   -   v   -
TenantSettings.watermark         -    -   -   -   -   v   v   -   -   -   -   v   -
TenantSettings.forgetAfterDays   -    -   -   -   -   v   v   -   -   -   -   v   -
TenantConnection.edges           401  403 403 403 403 403 v   BLK EXP 401 403 403 401
TenantConnection.nodes           401  403 403 403 403 403 v   BLK EXP 401 403 403 401
TenantConnection.pageInfo        401  403 403 403 403 403 v   BLK EXP 401 403 403 401
TenantEdge.cursor                401  403 403 403 403 403 v   BLK EXP 401 403 403 401
TenantEdge.node                  401  403 403 403 403 403 v   BLK EXP 401 403 403 401

Import.id                        401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Import.job                       401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Import.prefix                    401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Import.state                     401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Import.found                     401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Import.taken                     401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Import.known                     401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Import.refused                   401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Import.refused [importImages]    401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
Import.createdAt                 401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Import.finishedAt                401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Import.finishedAt [importImages] 401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
RefusedObject.name               401  403 403 403 403 v   v   BLK EXP 401 403 403 401
RefusedObject.code               401  403 403 403 403 v   v   BLK EXP 401 403 403 401
RefusedObject.message            401  403 403 403 403 v   v   BLK EXP 401 403 403 401

AuditEntry.id                    401  403 403 403 403 v   v   BLK EXP 401 403 403 401
AuditEntry.sequence              401  403 403 403 403 v   v   BLK EXP 401 403 403 401
AuditEntry.at                    401  403 403 403 403 v   v   BLK EXP 401 403 403 401
AuditEntry.actor                 401  403 403 403 403 v   v   BLK EXP 401 403 403 401
AuditEntry.action                401  403 403 403 403 v   v   BLK EXP 401 403 403 401
AuditEntry.job                   401  403 403 403 403 v   v   BLK EXP 401 403 403 401
AuditEntry.image                 401  403 403 403 403 v   v   BLK EXP 401 403 403 401
AuditEntry.account               401  403 403 403 403 v   v   BLK EXP 401 403 403 401
AuditEntry.oldValue              401  403 403 403 403 v   v   BLK EXP 401 403 403 401
AuditEntry.newValue              401  403 403 403 403 v   v   BLK EXP 401 403 403 401
AuditEntry.reason                401  403 403 403 403 v   v   BLK EXP 401 403 403 401
AuditEntry.requestId             401  403 403 403 403 v   v   BLK EXP 401 403 403 401
AuditEntryConnection.edges       401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AuditEntryConnection.nodes       401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AuditEntryConnection.pageInfo    401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AuditEntryEdge.cursor            401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AuditEntryEdge.node              401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AuditVerification.entries        401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AuditVerification.anchors        401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AuditVerification.checkedTo      401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AuditVerification.complete       401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AuditVerification.nextSequence   401  403 403 403 403 n   n   BLK EXP 401 403 n   401
AuditVerification.fault          401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AuditFault.sequence              401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AuditFault.kind                  401  403 403 403 403 v   v   BLK EXP 401 403 v   401
AuditFault.message               401  403 403 403 403 v   v   BLK EXP 401 403 v   401
ImageEventConnection.edges       401  -   403 -   403 v   v   BLK EXP 401 403 403 401
ImageEventConnection.nodes       401  -   403 -   403 v   v   BLK EXP 401 403 403 401
ImageEventConnection.pageInfo    401  -   403 -   403 v   v   BLK EXP 401 403 403 401
ImageEventEdge.cursor            401  -   403 -   403 v   v   BLK EXP 401 403 403 401
ImageEventEdge.node              401  -   403 -   403 v   v   BLK EXP 401 403 403 401
ImageEvent.at                    401  -   403 -   403 v   v   BLK EXP 401 403 403 401
ImageEvent.kind                  401  -   403 -   403 v   v   BLK EXP 401 403 403 401
ImageEvent.actor                 401  -   403 -   403 v   v   BLK EXP 401 403 403 401
ImageEvent.oldState              401  -   403 -   403 v   v   BLK EXP 401 403 403 401
ImageEvent.newState              401  -   403 -   403 v   v   BLK EXP 401 403 403 401
ImageEvent.entry                 401  -   403 -   403 v   v   BLK EXP 401 403 403 401
ImageEvent.way                   401  -   403 -   403 n   n   BLK EXP 401 403 403 401
ImageEvent.staff                 401  -   403 -   403 n   n   BLK EXP 401 403 403 401
ImageEvent.requestId             401  -   403 -   403 v   v   BLK EXP 401 403 403 401
SecurityEvent.id                 401  403 403 403 403 v   v   BLK EXP 401 403 403 401
SecurityEvent.event              401  403 403 403 403 v   v   BLK EXP 401 403 403 401
SecurityEvent.count              401  403 403 403 403 v   v   BLK EXP 401 403 403 401
SecurityEvent.firstAt            401  403 403 403 403 v   v   BLK EXP 401 403 403 401
SecurityEvent.at                 401  403 403 403 403 v   v   BLK EXP 401 403 403 401
SecurityEvent.account            401  403 403 403 403 v   v   BLK EXP 401 403 403 401
SecurityEvent.addressKey         401  403 403 403 403 v   v   BLK EXP 401 403 403 401
SecurityEvent.route              401  403 403 403 403 v   v   BLK EXP 401 403 403 401
SecurityEvent.detail             401  403 403 403 403 v   v   BLK EXP 401 403 403 401
SecurityEvent.requestId          401  403 403 403 403 v   v   BLK EXP 401 403 403 401
SecurityEventConnection.edges    401  403 403 403 403 v   v   BLK EXP 401 403 v   401
SecurityEventConnection.nodes    401  403 403 403 403 v   v   BLK EXP 401 403 v   401
SecurityEventConnection.pageInfo 401  403 403 403 403 v   v   BLK EXP 401 403 v   401
SecurityEventEdge.cursor         401  403 403 403 403 v   v   BLK EXP 401 403 v   401
SecurityEventEdge.node           401  403 403 403 403 v   v   BLK EXP 401 403 v   401
SecretHealth.name                401  403 403 403 403 403 v   BLK EXP 401 403 403 401
SecretHealth.state               401  403 403 403 403 403 v   BLK EXP 401 403 403 401
SecretHealth.states              401  403 403 403 403 403 v   BLK EXP 401 403 403 401
SecretHealth.rotatedAt           401  403 403 403 403 403 v   BLK EXP 401 403 403 401
SecretHealth.expiresAt           401  403 403 403 403 403 v   BLK EXP 401 403 403 401
SecretHealth.daysLeft            401  403 403 403 403 403 v   BLK EXP 401 403 403 401
SecretHealth.hasPrevious         401  403 403 403 403 403 v   BLK EXP 401 403 403 401
SecretHealth.nextStep            401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MailHealth.days                  401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MailHealth.sent                  401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MailHealth.bounced               401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MailHealth.complained            401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MailHealth.bounceRate            401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MailHealth.complaintRate         401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MailHealth.bounceLimit           401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MailHealth.complaintLimit        401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MailHealth.state                 401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRun.id                401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRun.task              401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRun.origin            401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRun.state             401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRun.summary           401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRun.errorCode         401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRun.startedAt         401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRun.finishedAt        401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRunConnection.edges   401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRunConnection.nodes   401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRunConnection.pageInfo 401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRunEdge.cursor        401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRunEdge.node          401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Task.id                          401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Task.kind                        401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Task.state                       401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Task.attempts                    401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Task.maxAttempts                 401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Task.lastError                   401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Task.createdAt                   401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Task.nextAt                      401  403 403 403 403 403 n   BLK EXP 401 403 403 401
Task.nextAt [retried]            401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Task.finishedAt                  401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Task.finishedAt [retried]        401  403 403 403 403 403 n   BLK EXP 401 403 403 401
TaskError.code                   401  403 403 403 403 403 v   BLK EXP 401 403 403 401
TaskError.message                401  403 403 403 403 403 v   BLK EXP 401 403 403 401
TaskError.at                     401  403 403 403 403 403 v   BLK EXP 401 403 403 401
TaskConnection.edges             401  403 403 403 403 403 v   BLK EXP 401 403 403 401
TaskConnection.nodes             401  403 403 403 403 403 v   BLK EXP 401 403 403 401
TaskConnection.pageInfo          401  403 403 403 403 403 v   BLK EXP 401 403 403 401
TaskEdge.cursor                  401  403 403 403 403 403 v   BLK EXP 401 403 403 401
TaskEdge.node                    401  403 403 403 403 403 v   BLK EXP 401 403 403 401

Subscription.jobEvents           401  v   403 v   403 v   v   BLK EXP 401 403 403 401
JobEvent.kind                    401  v   403 v   403 v   v   BLK EXP 401 403 403 401
JobEvent.at                      401  v   403 v   403 v   v   BLK EXP 401 403 403 401
JobEvent.job                     401  v   403 v   403 v   v   BLK EXP 401 403 403 401
JobEvent.images                  401  v   403 v   403 v   v   BLK EXP 401 403 403 401
JobEvent.images [uploading]      401  0   403 0   403 0   0   BLK EXP 401 403 403 401
JobEvent.uploads                 401  0   403 0   403 0   0   BLK EXP 401 403 403 401
JobEvent.uploads [uploading]     401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.zipUrl [watched]             REJ  REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ
Image.downloadUrl [watched]      REJ  REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ
Upload.url [watched]             REJ  REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ
Upload.headers [watched]         REJ  REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ
Upload.receivedParts [watched]   REJ  REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ REJ

RequestOtpPayload.challengeId    v    v   v   v   v   v   v   v   v   v   v   v   v
RequestOtpPayload.expiresAt      v    v   v   v   v   v   v   v   v   v   v   v   v
RequestOtpPayload.retryAfter     v    v   v   v   v   v   v   v   v   v   v   v   v
VerifyOtpPayload.viewer          v    v   v   v   v   v   v   v   v   v   v   v   v
VerifyOtpPayload.expiresAt       v    v   v   v   v   v   v   v   v   v   v   v   v
VerifyOtpPayload.token           v    v   v   v   v   v   v   v   v   v   v   v   v
VerifyOtpPayload.token [cookie]  n    n   n   n   n   n   n   n   n   n   n   n   n
EraseAccountPayload.account      401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
EraseAccountPayload.userErrors   401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
LogoutPayload.ok                 401  v   v   v   v   v   v   v   v   401 v   v   401
CreateJobPayload.job             401  403 403 403 403 v   v   BLK EXP 401 403 v   401
CreateJobPayload.userErrors      401  403 403 403 403 0   0   BLK EXP 401 403 0   401
ImportImagesPayload.import       401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
ImportImagesPayload.userErrors   401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
SelectImagesPayload.job          401  v   r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401
SelectImagesPayload.changes      401  v   r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401
SelectImagesPayload.userErrors   401  0   r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401
SetIncludedImagesPayload.job     401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SetIncludedImagesPayload.changes 401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SetIncludedImagesPayload.userErrors 401 403 403 403 403 0 0   BLK EXP 401 403 r403 401
SetAllImagesIncludedPayload.job  401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SetAllImagesIncludedPayload.changes 401 403 403 403 403 v v   BLK EXP 401 403 r403 401
SetAllImagesIncludedPayload.userErrors 401 403 403 403 403 0 0 BLK EXP 401 403 r403 401
SetSelectionStatePayload.images  401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SetSelectionStatePayload.changes 401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SetSelectionStatePayload.userErrors 401 403 403 403 403 0 0   BLK EXP 401 403 r403 401
SettleExtrasPayload.job          401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SettleExtrasPayload.changes      401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SettleExtrasPayload.userErrors   401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
RemoveDevicePayload.account      401  v   v   v   v   v   v   BLK EXP 401 v   v   401
RemoveDevicePayload.userErrors   401  0   0   0   0   0   0   BLK EXP 401 0   0   401
RemoveDeviceOfPayload.account    401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
RemoveDeviceOfPayload.userErrors 401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
SetMaxDevicesPayload.account     401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SetMaxDevicesPayload.userErrors  401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
BlockAccountPayload.account      401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
BlockAccountPayload.userErrors   401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
UnblockAccountPayload.account    401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
UnblockAccountPayload.userErrors 401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
SetAccountValidUntilPayload.account 401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SetAccountValidUntilPayload.userErrors 401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
SetAccountRolePayload.account    401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SetAccountRolePayload.userErrors 401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
SetDevicePolicyPayload.tenant    401  403 403 403 403 v   v   BLK EXP 401 403 v   401
SetDevicePolicyPayload.userErrors 401 403 403 403 403 0   0   BLK EXP 401 403 0   401
ReleaseLoginPayload.ok           401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
RetryTaskPayload.task            401  403 403 403 403 403 v   BLK EXP 401 403 403 401
RetryTaskPayload.userErrors      401  403 403 403 403 403 0   BLK EXP 401 403 403 401
SelectionChange.image            401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SelectionChange.oldState         401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SelectionChange.newState         401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
UserError.field                  401  403 403 403 403 v   v   BLK EXP 401 403 v   401
UserError.message                401  403 403 403 403 v   v   BLK EXP 401 403 v   401
UserError.code                   401  403 403 403 403 v   v   BLK EXP 401 403 v   401
UserError.limit                  401  403 403 403 403 n   n   BLK EXP 401 403 n   401
UserError.limit [task]           401  403 403 403 403 403 n   BLK EXP 401 403 403 401
UserError.limit [import]         401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.limit [settlement]     401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.limit [full]           401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
UserError.used                   401  403 403 403 403 n   n   BLK EXP 401 403 n   401
UserError.used [task]            401  403 403 403 403 403 n   BLK EXP 401 403 403 401
UserError.used [import]          401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.used [settlement]      401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.used [full]            401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
UserError.remaining              401  403 403 403 403 n   n   BLK EXP 401 403 n   401
UserError.remaining [task]       401  403 403 403 403 403 n   BLK EXP 401 403 403 401
UserError.remaining [import]     401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.remaining [settlement] 401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.remaining [full]       401  403 403 403 403 v   v   BLK EXP 401 403 r403 401

Job.booking                      401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.booking [createJob]          401  403 403 403 403 n   n   BLK EXP 401 403 n   401
Job.zipUrl [fresh]               401  403 403 403 403 403 403 BLK EXP 401 403 r403 401
Booking.id                       401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Booking.status                   401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Booking.address                  401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Booking.package                  401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Booking.preferredDates           401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Booking.notes                    401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Booking.contactPhone             401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Booking.createdAt                401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Booking.updatedAt                401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Booking.confirmedDate            401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Booking.confirmedDate [booked]   401  n   n   n   n   n   n   BLK EXP 401 n   n   401
Booking.confirmedDate [cancelled] 401  n   r403 r403 r403 n   n   BLK EXP 401 r403 r403 401
Booking.confirmedDate [declined] 401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Booking.message                  401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Booking.message [booked]         401  n   n   n   n   n   n   BLK EXP 401 n   n   401
Booking.message [cancelled]      401  n   r403 r403 r403 n   n   BLK EXP 401 r403 r403 401
Booking.customer                 401  v   403 n   403 v   v   BLK EXP 401 403 403 401
Booking.photographer             401  n   403 v   403 v   v   BLK EXP 401 403 403 401
Booking.photographer [booked]    401  n   n   n   n   n   n   BLK EXP 401 n   n   401
Booking.photographer [cancelled] 401  n   r403 r403 r403 n   n   BLK EXP 401 r403 r403 401
Booking.photographer [confirmed] 401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Booking.photographer [declined]  401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Booking.job                      401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Booking.job [booked]             401  n   n   n   n   n   n   BLK EXP 401 n   n   401
Booking.job [cancelled]          401  n   r403 r403 r403 n   n   BLK EXP 401 r403 r403 401
Booking.job [confirmed]          401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Booking.job [declined]           401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
BookedPackage.key                401  v   403 v   403 v   v   BLK EXP 401 403 403 401
BookedPackage.name               401  v   403 v   403 v   v   BLK EXP 401 403 403 401
BookedPackage.includedImages     401  v   403 v   403 v   v   BLK EXP 401 403 403 401
BookedPackage.allImagesIncluded  401  v   403 v   403 v   v   BLK EXP 401 403 403 401
BookedPackage.extraPrice         401  v   403 v   403 v   v   BLK EXP 401 403 403 401
BookedPackage.currency           401  v   403 v   403 v   v   BLK EXP 401 403 403 401
BookingConnection.edges          401  v   v   v   0   v   v   BLK EXP 401 v   v   401
BookingConnection.nodes          401  v   v   v   0   v   v   BLK EXP 401 v   v   401
BookingConnection.pageInfo       401  v   v   v   v   v   v   BLK EXP 401 v   v   401
BookingConnection.totalCount     401  v   v   v   v   v   v   BLK EXP 401 v   v   401
BookingEdge.cursor               401  v   v   v   -   v   v   BLK EXP 401 v   v   401
BookingEdge.node                 401  v   v   v   -   v   v   BLK EXP 401 v   v   401
Package.key                      v    v   v   v   v   v   v   v   v   v   v   v   v
Package.name                     v    v   v   v   v   v   v   v   v   v   v   v   v
Package.description              v    v   v   v   v   v   v   v   v   v   v   v   v
Package.includedImages           v    v   v   v   v   v   v   v   v   v   v   v   v
Package.allImagesIncluded        v    v   v   v   v   v   v   v   v   v   v   v   v
Package.extraPrice               v    v   v   v   v   v   v   v   v   v   v   v   v
Package.currency                 v    v   v   v   v   v   v   v   v   v   v   v   v
Package.active                   v    v   v   v   v   v   v   v   v   v   v   v   v
Account.validUntil [photographer] 401  -   403 n   403 n   n   BLK EXP 401 403 403 401
Account.blockedAt [photographer] 401  -   403 n   403 n   n   BLK EXP 401 403 403 401
CreateBookingPayload.booking     401  v   v   v   v   v   v   BLK EXP 401 v   v   401
CreateBookingPayload.userErrors  401  0   0   0   0   0   0   BLK EXP 401 0   0   401
CancelBookingPayload.booking     401  v   r403 r403 r403 v   v   BLK EXP 401 r403 r403 401
CancelBookingPayload.userErrors  401  0   r403 r403 r403 0   0   BLK EXP 401 r403 r403 401
ConfirmBookingPayload.booking    401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
ConfirmBookingPayload.userErrors 401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
DeclineBookingPayload.booking    401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
DeclineBookingPayload.userErrors 401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
AssignPhotographerPayload.booking 401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
AssignPhotographerPayload.job    401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
AssignPhotographerPayload.userErrors 401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
CreateJobFromBookingPayload.job  401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
CreateJobFromBookingPayload.userErrors 401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
SetPackagePayload.package        401  403 403 403 403 v   v   BLK EXP 401 403 v   401
SetPackagePayload.userErrors     401  403 403 403 403 0   0   BLK EXP 401 403 0   401
RemovePackagePayload.package     401  403 403 403 403 v   v   BLK EXP 401 403 v   401
RemovePackagePayload.userErrors  401  403 403 403 403 0   0   BLK EXP 401 403 0   401
UserError.limit [booking]        401  n   n   n   n   n   n   BLK EXP 401 n   n   401
UserError.limit [cancellation]   401  n   r403 r403 r403 n   n   BLK EXP 401 r403 r403 401
UserError.used [booking]         401  n   n   n   n   n   n   BLK EXP 401 n   n   401
UserError.used [cancellation]    401  n   r403 r403 r403 n   n   BLK EXP 401 r403 r403 401
UserError.remaining [booking]    401  n   n   n   n   n   n   BLK EXP 401 n   n   401
UserError.remaining [cancellation] 401  n   r403 r403 r403 n   n   BLK EXP 401 r403 r403 401
` + uploadRows + webhookRows

// calls tell how a field is asked for whose name alone is not enough.
var calls = map[string]string{
	"Query.node":   "node(id: $job) { __typename }",
	"Query.job":    "job(id: $job) { __typename }",
	"Query.image":  "image(id: $image) { __typename }",
	"Query.upload": "upload(id: $upload) { __typename }",

	"Query.booking": "booking(id: $booking) { __typename }",

	"Query.account": "account(id: $account) { __typename }",

	"Query.tenant": "tenant(id: $tenant) { __typename }",

	"Subscription.jobEvents": "jobEvents(jobId: $job) { __typename }",
}

// What the ways through lists and mutations come to before a field is reached.
const (
	mine     = ". . . . . . . . . . . . ." // everybody has one, or the row says who
	named    = "401 . 403 . 403 . . BLK EXP 401 403 403 401"
	listed   = "401 . - . - . . BLK EXP 401 - - 401"
	noJobs   = "401 . . . - . . BLK EXP 401 . . 401" // but the idle photographer has none
	byViewer = "- v v v v v v v v - v v -"
	byAdmins = "401 403 403 403 403 . . BLK EXP 401 403 403 401"
	byStaff  = "401 403 403 403 403 v v BLK EXP 401 403 v 401" // each of the own studio
	ownStaff = "401 403 403 403 403 v v BLK EXP 401 403 - 401"
	ofStaff  = "401 403 403 403 403 v v BLK EXP 401 403 r403 401"
	ofOwnLog = "401 403 403 403 403 . . BLK EXP 401 403 . 401" // each admin's own studio's
	inOwnLog = "401 403 403 403 403 . . BLK EXP 401 403 - 401" // which does not hold the entry that is asked for
	ofThing  = "401 - 403 - 403 . . BLK EXP 401 403 403 401"   // for others their thing is null with it
	byOwner  = "401 v r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401"
	noErrors = "401 403 403 403 403 - - BLK EXP 401 403 r403 401" // no rule refuses it
	bookers  = "401 v v v v v v BLK EXP 401 v v 401"
	ofBooker = "401 v r403 r403 r403 v v BLK EXP 401 r403 r403 401" // the owner, and the studio
	byEach   = "401 v v v v v v BLK EXP 401 v v 401"
	noneEach = "401 - - - - - - BLK EXP 401 - - 401"
	byOpr    = "401 403 403 403 403 403 v BLK EXP 401 403 403 401"
	byAll    = "v v v v v v v v v v v v v"
)

// What is the installation's.
const (
	byOperators = "401 403 403 403 403 403 . BLK EXP 401 403 403 401"
	byOperator  = "401 403 403 403 403 403 v BLK EXP 401 403 403 401"
)

// way is a query that leads to an object: @ stands where its fields are asked for,
// here: what it is recognised by, its id or type.
type way struct {
	to    string // the object's type
	ask   string
	cells string
	name  string // for rows that are about this way alone
	input string // of a mutation, by its name in inputs
}

// ways lead to every type over every field that returns it.
var ways = append([]way{
	{to: "Query", ask: `{ here: __typename @ }`, cells: mine},

	{to: "Job", ask: `{ job(id: $job) { here: id @ } }`, cells: named},
	{to: "Job", ask: `{ node(id: $job) { ... on Job { here: id @ } } }`, cells: named},
	{to: "Job", ask: `{ jobs { nodes { here: id @ } } }`, cells: listed},
	{to: "Job", ask: `{ jobs { edges { node { here: id @ } } } }`, cells: listed},
	{to: "Job", ask: `{ image(id: $image) { job { here: id @ } } }`, cells: named},
	{to: "Job", ask: `{ node(id: $job) { ... on Job { images { nodes { job { here: id @ } } } } } }`, cells: named},
	{to: "Job", ask: `{ node(id: $import) { ... on Import { job { here: id @ } } } }`, cells: byAdmins},
	{to: "Job", ask: `mutation { createJob(input: $input) { job { here: __typename @ } } }`, cells: byStaff, input: "a job", name: "createJob"},
	{to: "Job", ask: `mutation { selectImages(input: $input) { job { here: __typename @ } } }`, cells: byOwner, input: "a choice", name: "chosen"},
	{to: "Job", ask: `mutation { setIncludedImages(input: $input) { job { here: __typename @ } } }`, cells: ofStaff, input: "a smaller package", name: "moved"},
	{to: "Job", ask: `mutation { setAllImagesIncluded(input: $input) { job { here: __typename @ } } }`, cells: ofStaff, input: "no longer all", name: "moved"},
	{to: "Job", ask: `mutation { settleExtras(input: $input) { job { here: __typename @ } } }`, cells: ofStaff, input: "a payment", name: "moved"},
	{to: "PackageUse", ask: `{ job(id: $job) { package { here: __typename @ } } }`, cells: named},

	{to: "JobConnection", ask: `{ jobs { here: __typename @ } }`, cells: mine},
	{to: "JobEdge", ask: `{ jobs { edges { here: __typename @ } } }`, cells: noJobs},
	{to: "PageInfo", ask: `{ jobs { pageInfo { here: __typename @ } } }`, cells: mine},
	{to: "PageInfo", ask: `{ job(id: $job) { images { pageInfo { here: __typename @ } } } }`, cells: named},
	{to: "ImageConnection", ask: `{ job(id: $job) { images { here: __typename @ } } }`, cells: named},
	{to: "ImageConnection", ask: `{ jobs(first: 10) { nodes { ... on Job { images(first: 10) { here: __typename @ } } } } }`, cells: "401 . v . - . . BLK EXP 401 v v 401"},
	{to: "ImageEdge", ask: `{ job(id: $job) { images { edges { here: __typename @ } } } }`, cells: named},

	{to: "Image", ask: `{ image(id: $image) { here: id @ } }`, cells: named},
	{to: "Image", ask: `{ node(id: $image) { ... on Image { here: id @ } } }`, cells: named},
	{to: "Image", ask: `{ node(id: $image) { ...N } } fragment N on Node { ... on Image { here: id @ } }`, cells: named},
	{to: "Image", ask: `{ job(id: $job) { images { nodes { here: id @ } } } }`, cells: named},
	{to: "Image", ask: `{ job(id: $job) { images { edges { node { here: id @ } } } } }`, cells: named},
	{to: "Image", ask: `{ job(id: $job) { images { edges { node { job { id } here: id @ } } } } }`, cells: named}, // no page plan can write this
	{to: "Image", ask: `{ image(id: $image) { job { images { nodes { here: id @ } } } } }`, cells: named},
	{to: "Image", ask: `{ jobs(first: 10) { nodes { images(first: 10) { nodes { here: id @ } } } } }`, cells: listed},
	{to: "Image", ask: `{ node(id: $import) { ... on Import { job { images { nodes { here: id @ } } } } } }`, cells: byAdmins},
	{to: "Image", ask: `mutation { selectImages(input: $input) { changes { image { here: __typename @ } } } }`, cells: byOwner, input: "a choice", name: "chosen"},
	{to: "Image", ask: `mutation { setSelectionState(input: $input) { images { here: __typename @ } } }`, cells: ofStaff, input: "a grant", name: "moved"},
	{to: "Image", ask: `mutation { setSelectionState(input: $input) { changes { image { here: __typename @ } } } }`, cells: ofStaff, input: "a grant", name: "moved"},

	{to: "Account", ask: `{ viewer { here: __typename @ } }`, cells: byViewer, name: "viewer"},
	{to: "Account", ask: `{ node(id: $account) { ... on Account { here: id @ } } }`, cells: mine},
	{to: "Account", ask: `mutation { verifyOtp(input: $input) { viewer { here: __typename @ } } }`, cells: byAll, input: "a newcomer's code", name: "verifyOtp"},
	{to: "Tenant", ask: `{ viewer { tenant { here: __typename @ } } }`, cells: byViewer, name: "viewer's"},
	{to: "Tenant", ask: `{ node(id: $account) { ... on Account { tenant { here: __typename @ } } } }`, cells: mine},

	{to: "Tenant", ask: `{ node(id: $tenant) { ... on Tenant { here: id @ } } }`, cells: "401 v v v v v v BLK EXP 401 403 403 401", name: "by its id"},
	{to: "Tenant", ask: `{ tenant(id: $tenant) { here: id @ } }`, cells: byOpr},
	{to: "Tenant", ask: `{ tenants { nodes { here: id @ } } }`, cells: byOpr},
	{to: "Tenant", ask: `{ tenants { edges { node { here: id @ } } } }`, cells: byOpr},
	{to: "TenantSettings", ask: `{ viewer { tenant { settings { here: __typename @ } } } }`, cells: mine},
	{to: "TenantConnection", ask: `{ tenants { here: __typename @ } }`, cells: mine},
	{to: "TenantEdge", ask: `{ tenants { edges { here: __typename @ } } }`, cells: mine},
	{to: "PageInfo", ask: `{ tenants { pageInfo { here: __typename @ } } }`, cells: byOpr},
	{to: "Account", ask: `mutation { eraseAccount(input: $input) { account { here: __typename @ } } }`, cells: ofStaff, input: "a person", name: "erased"},

	{to: "Import", ask: `{ node(id: $import) { ... on Import { here: id @ } } }`, cells: mine},
	{to: "Import", ask: `mutation { importImages(input: $input) { import { here: __typename @ } } }`, cells: ofStaff, input: "pictures", name: "importImages"},
	{to: "RefusedObject", ask: `{ node(id: $import) { ... on Import { refused { here: __typename @ } } } }`, cells: mine},

	{to: "AuditEntry", ask: `{ node(id: $auditentry) { ... on AuditEntry { here: id @ } } }`, cells: mine},
	{to: "AuditEntry", ask: `{ auditLog { nodes { here: id @ } } }`, cells: inOwnLog},
	{to: "AuditEntry", ask: `{ auditLog { edges { node { here: id @ } } } }`, cells: inOwnLog},
	{to: "AuditEntry", ask: `{ job(id: $job) { auditLog { nodes { here: id @ } } } }`, cells: ofThing},
	{to: "AuditEntry", ask: `{ image(id: $image) { history { nodes { entry { here: id @ } } } } }`, cells: ofThing},
	{to: "AuditEntryConnection", ask: `{ auditLog { here: __typename @ } }`, cells: mine},
	{to: "AuditEntryConnection", ask: `{ job(id: $job) { auditLog { here: __typename @ } } }`, cells: ofThing},
	{to: "AuditEntryEdge", ask: `{ auditLog { edges { here: __typename @ } } }`, cells: mine},
	{to: "AuditVerification", ask: `{ auditVerification { here: __typename @ } }`, cells: mine},
	{to: "AuditFault", ask: `{ auditVerification { fault { here: __typename @ } } }`, cells: mine},
	{to: "ImageEventConnection", ask: `{ image(id: $image) { history { here: __typename @ } } }`, cells: mine},
	{to: "ImageEventEdge", ask: `{ image(id: $image) { history { edges { here: __typename @ } } } }`, cells: mine},
	{to: "ImageEvent", ask: `{ image(id: $image) { history { nodes { here: __typename @ } } } }`, cells: mine},
	{to: "ImageEvent", ask: `{ image(id: $image) { history { edges { node { here: __typename @ } } } } }`, cells: mine},
	{to: "PageInfo", ask: `{ auditLog { pageInfo { here: __typename @ } } }`, cells: ofOwnLog},
	{to: "PageInfo", ask: `{ image(id: $image) { history { pageInfo { here: __typename @ } } } }`, cells: ofThing},
	{to: "Job", ask: `{ node(id: $auditentry) { ... on AuditEntry { job { here: id @ } } } }`, cells: byAdmins},
	{to: "Image", ask: `{ node(id: $auditentry) { ... on AuditEntry { image { here: id @ } } } }`, cells: byAdmins},
	{to: "Account", ask: `{ node(id: $auditentry) { ... on AuditEntry { actor { here: id @ } } } }`, cells: byAdmins},
	{to: "Account", ask: `{ node(id: $auditentry) { ... on AuditEntry { account { here: id @ } } } }`, cells: byAdmins},
	{to: "Account", ask: `{ image(id: $image) { history { nodes { actor { here: id @ } } } } }`, cells: ofThing},
	{to: "SecurityEvent", ask: `{ node(id: $securityevent) { ... on SecurityEvent { here: id @ } } }`, cells: mine},
	{to: "SecurityEvent", ask: `{ securityEvents { nodes { here: id @ } } }`, cells: ownStaff},
	{to: "SecurityEvent", ask: `{ securityEvents { edges { node { here: id @ } } } }`, cells: ownStaff},
	{to: "SecurityEventConnection", ask: `{ securityEvents { here: __typename @ } }`, cells: mine},
	{to: "SecurityEventEdge", ask: `{ securityEvents { edges { here: __typename @ } } }`, cells: mine},
	{to: "PageInfo", ask: `{ securityEvents { pageInfo { here: __typename @ } } }`, cells: byStaff},
	{to: "SecretHealth", ask: `{ secrets { here: __typename @ } }`, cells: mine},
	{to: "MailHealth", ask: `{ mailHealth { here: __typename @ } }`, cells: mine},
	{to: "MaintenanceRun", ask: `{ node(id: $maintenancerun) { ... on MaintenanceRun { here: id @ } } }`, cells: mine},
	{to: "MaintenanceRun", ask: `{ maintenanceRuns { nodes { here: id @ } } }`, cells: mine},
	{to: "MaintenanceRun", ask: `{ maintenanceRuns { edges { node { here: id @ } } } }`, cells: mine},
	{to: "MaintenanceRunConnection", ask: `{ maintenanceRuns { here: __typename @ } }`, cells: mine},
	{to: "MaintenanceRunEdge", ask: `{ maintenanceRuns { edges { here: __typename @ } } }`, cells: mine},
	{to: "PageInfo", ask: `{ maintenanceRuns { pageInfo { here: __typename @ } } }`, cells: byOperator},
	{to: "Task", ask: `{ node(id: $task) { ... on Task { here: id @ } } }`, cells: mine},
	{to: "Task", ask: `{ tasks { nodes { here: id @ } } }`, cells: mine},
	{to: "Task", ask: `{ tasks { edges { node { here: id @ } } } }`, cells: mine},
	{to: "Task", ask: `mutation { retryTask(input: $input) { task { here: __typename @ } } }`, cells: byOperators, input: "a dead task", name: "retried"},
	{to: "TaskError", ask: `{ node(id: $task) { ... on Task { lastError { here: __typename @ } } } }`, cells: mine},
	{to: "TaskConnection", ask: `{ tasks { here: __typename @ } }`, cells: mine},
	{to: "TaskEdge", ask: `{ tasks { edges { here: __typename @ } } }`, cells: mine},
	{to: "PageInfo", ask: `{ tasks { pageInfo { here: __typename @ } } }`, cells: byOperator},
	{to: "RetryTaskPayload", ask: `mutation { retryTask(input: $input) { here: __typename @ } }`, cells: mine, input: "a dead task"},
	{to: "UserError", ask: `mutation { retryTask(input: $input) { userErrors { here: __typename @ } } }`, cells: byOperator, input: "a task that went well", name: "task"},
	{to: "Account", ask: `{ node(id: $securityevent) { ... on SecurityEvent { account { here: id @ } } } }`, cells: byAdmins},

	{to: "Subscription", ask: `subscription { @ }`, cells: mine},
	{to: "JobEvent", ask: `subscription { jobEvents(jobId: $job) { here: __typename @ images { id } } }`, cells: named},
	{to: "JobEvent", ask: `subscription { jobEvents(jobId: $job) { here: __typename @ uploads { id } } }`, cells: ".  .   .   .   .   .   .   .   .   .   .   .   .", name: "uploading"},
	{to: "Job", ask: `subscription { jobEvents(jobId: $job) { job { here: id @ } } }`, cells: named, name: "watched"},
	{to: "Image", ask: `subscription { jobEvents(jobId: $job) { images { here: id @ } } }`, cells: named, name: "watched"},
	{to: "Upload", ask: `subscription { jobEvents(jobId: $job) { uploads { here: id @ } } }`, cells: named, name: "watched"},

	{to: "RequestOtpPayload", ask: `mutation { requestOtp(input: $input) { here: __typename @ } }`, cells: mine, input: "a mailbox"},
	{to: "VerifyOtpPayload", ask: `mutation { verifyOtp(input: $input) { here: __typename @ } }`, cells: mine, input: "a newcomer's code"},
	{to: "VerifyOtpPayload", ask: `mutation { verifyOtp(input: $input) { here: __typename @ } }`, cells: byAll, input: "a newcomer's code, by cookie", name: "cookie"},
	{to: "LogoutPayload", ask: `mutation { logout { here: __typename @ } }`, cells: mine},
	{to: "EraseAccountPayload", ask: `mutation { eraseAccount(input: $input) { here: __typename @ } }`, cells: mine, input: "a person"},
	{to: "UserError", ask: `mutation { eraseAccount(input: $input) { userErrors { here: __typename @ } } }`, cells: mine, input: "oneself"},
	{to: "CreateJobPayload", ask: `mutation { createJob(input: $input) { here: __typename @ } }`, cells: mine, input: "a job"},
	{to: "ImportImagesPayload", ask: `mutation { importImages(input: $input) { here: __typename @ } }`, cells: mine, input: "pictures"},
	{to: "SelectImagesPayload", ask: `mutation { selectImages(input: $input) { here: __typename @ } }`, cells: mine, input: "a choice"},
	{to: "SetIncludedImagesPayload", ask: `mutation { setIncludedImages(input: $input) { here: __typename @ } }`, cells: mine, input: "a smaller package"},
	{to: "SetAllImagesIncludedPayload", ask: `mutation { setAllImagesIncluded(input: $input) { here: __typename @ } }`, cells: mine, input: "no longer all"},
	{to: "SetSelectionStatePayload", ask: `mutation { setSelectionState(input: $input) { here: __typename @ } }`, cells: mine, input: "a grant"},
	{to: "SettleExtrasPayload", ask: `mutation { settleExtras(input: $input) { here: __typename @ } }`, cells: mine, input: "a payment"},
	{to: "SelectionChange", ask: `mutation { selectImages(input: $input) { changes { here: __typename @ } } }`, cells: byOwner, input: "a choice"},
	{to: "SelectionChange", ask: `mutation { setIncludedImages(input: $input) { changes { here: __typename @ } } }`, cells: mine, input: "a smaller package"},
	{to: "SelectionChange", ask: `mutation { setAllImagesIncluded(input: $input) { changes { here: __typename @ } } }`, cells: mine, input: "no longer all"},
	{to: "SelectionChange", ask: `mutation { setSelectionState(input: $input) { changes { here: __typename @ } } }`, cells: mine, input: "a grant"},
	{to: "SelectionChange", ask: `mutation { settleExtras(input: $input) { changes { here: __typename @ } } }`, cells: mine, input: "a payment"},
	{to: "UserError", ask: `mutation { createJob(input: $input) { userErrors { here: __typename @ } } }`, cells: mine, input: "a photographer who is none"},
	{to: "UserError", ask: `mutation { importImages(input: $input) { userErrors { here: __typename @ } } }`, cells: ofStaff, input: "a closed job", name: "import"},
	{to: "UserError", ask: `mutation { selectImages(input: $input) { userErrors { here: __typename @ } } }`, cells: byOwner, input: "a choice past the package", name: "past"},
	{to: "UserError", ask: `mutation { setIncludedImages(input: $input) { userErrors { here: __typename @ } } }`, cells: noErrors, input: "a smaller package", name: "none"},
	{to: "UserError", ask: `mutation { setAllImagesIncluded(input: $input) { userErrors { here: __typename @ } } }`, cells: noErrors, input: "no longer all", name: "none"},
	{to: "UserError", ask: `mutation { setSelectionState(input: $input) { userErrors { here: __typename @ } } }`, cells: ofStaff, input: "a grant past the package", name: "full"},
	{to: "UserError", ask: `mutation { settleExtras(input: $input) { userErrors { here: __typename @ } } }`, cells: ofStaff, input: "a payment of what is not pending", name: "settlement"},

	{to: "Booking", ask: `{ booking(id: $booking) { here: id @ } }`, cells: named},
	{to: "Booking", ask: `{ node(id: $booking) { ... on Booking { here: id @ } } }`, cells: named},
	{to: "Booking", ask: `{ bookings { nodes { here: id @ } } }`, cells: listed},
	{to: "Booking", ask: `{ bookings { edges { node { here: id @ } } } }`, cells: listed},
	{to: "Booking", ask: `{ job(id: $job) { booking { here: id @ } } }`, cells: named},
	{to: "Booking", ask: `{ jobs { nodes { booking { here: id @ } } } }`, cells: listed},
	{to: "Booking", ask: `mutation { createBooking(input: $input) { booking { here: __typename @ } } }`, cells: bookers, input: "a booking", name: "booked"},
	{to: "Booking", ask: `mutation { cancelBooking(input: $input) { booking { here: __typename @ } } }`, cells: ofBooker, input: "a cancellation", name: "cancelled"},
	{to: "Booking", ask: `mutation { confirmBooking(input: $input) { booking { here: __typename @ } } }`, cells: ofStaff, input: "a confirmation", name: "confirmed"},
	{to: "Booking", ask: `mutation { declineBooking(input: $input) { booking { here: __typename @ } } }`, cells: ofStaff, input: "a decline", name: "declined"},
	{to: "Booking", ask: `mutation { assignPhotographer(input: $input) { booking { here: __typename @ } } }`, cells: ofStaff, input: "an assignment"},
	{to: "BookedPackage", ask: `{ booking(id: $booking) { package { here: __typename @ } } }`, cells: named},
	{to: "BookingConnection", ask: `{ bookings { here: __typename @ } }`, cells: mine},
	{to: "BookingEdge", ask: `{ bookings { edges { here: __typename @ } } }`, cells: noJobs},
	{to: "PageInfo", ask: `{ bookings { pageInfo { here: __typename @ } } }`, cells: mine},
	{to: "Job", ask: `{ booking(id: $booking) { job { here: id @ } } }`, cells: named},
	{to: "Job", ask: `mutation { assignPhotographer(input: $input) { job { here: __typename @ } } }`, cells: ofStaff, input: "an assignment", name: "moved"},
	{to: "Job", ask: `mutation { createJobFromBooking(input: $input) { job { here: __typename @ } } }`, cells: ofStaff, input: "a confirmed booking", name: "fresh"},
	{to: "Account", ask: `{ booking(id: $booking) { customer { here: id @ } } }`, cells: "401 . 403 - 403 . . BLK EXP 401 403 403 401"},
	{to: "Account", ask: `{ booking(id: $booking) { photographer { here: __typename @ } } }`, cells: "401 - 403 v 403 v v BLK EXP 401 403 403 401", name: "photographer"},
	{to: "Package", ask: `{ packages { here: __typename @ } }`, cells: mine},
	{to: "Package", ask: `mutation { setPackage(input: $input) { package { here: __typename @ } } }`, cells: byStaff, input: "a package"},
	{to: "Package", ask: `mutation { removePackage(input: $input) { package { here: __typename @ } } }`, cells: byStaff, input: "a removal"},
	{to: "CreateBookingPayload", ask: `mutation { createBooking(input: $input) { here: __typename @ } }`, cells: mine, input: "a booking"},
	{to: "CancelBookingPayload", ask: `mutation { cancelBooking(input: $input) { here: __typename @ } }`, cells: mine, input: "a cancellation"},
	{to: "ConfirmBookingPayload", ask: `mutation { confirmBooking(input: $input) { here: __typename @ } }`, cells: mine, input: "a confirmation"},
	{to: "DeclineBookingPayload", ask: `mutation { declineBooking(input: $input) { here: __typename @ } }`, cells: mine, input: "a decline"},
	{to: "AssignPhotographerPayload", ask: `mutation { assignPhotographer(input: $input) { here: __typename @ } }`, cells: mine, input: "an assignment"},
	{to: "CreateJobFromBookingPayload", ask: `mutation { createJobFromBooking(input: $input) { here: __typename @ } }`, cells: mine, input: "a confirmed booking"},
	{to: "SetPackagePayload", ask: `mutation { setPackage(input: $input) { here: __typename @ } }`, cells: mine, input: "a package"},
	{to: "RemovePackagePayload", ask: `mutation { removePackage(input: $input) { here: __typename @ } }`, cells: mine, input: "a removal"},
	{to: "UserError", ask: `mutation { createBooking(input: $input) { userErrors { here: __typename @ } } }`, cells: bookers, input: "a booking of no package", name: "booking"},
	{to: "UserError", ask: `mutation { cancelBooking(input: $input) { userErrors { here: __typename @ } } }`, cells: ofBooker, input: "a declined booking", name: "cancellation"},
	{to: "UserError", ask: `mutation { confirmBooking(input: $input) { userErrors { here: __typename @ } } }`, cells: ofStaff, input: "a confirmation too late", name: "settlement"},
	{to: "UserError", ask: `mutation { declineBooking(input: $input) { userErrors { here: __typename @ } } }`, cells: ofStaff, input: "a decline too late", name: "settlement"},
	{to: "UserError", ask: `mutation { assignPhotographer(input: $input) { userErrors { here: __typename @ } } }`, cells: ofStaff, input: "an assignment to a client", name: "settlement"},
	{to: "UserError", ask: `mutation { createJobFromBooking(input: $input) { userErrors { here: __typename @ } } }`, cells: ofStaff, input: "an open booking", name: "settlement"},
	{to: "UserError", ask: `mutation { setPackage(input: $input) { userErrors { here: __typename @ } } }`, cells: "401 403 403 403 403 - - BLK EXP 401 403 - 401", input: "a package", name: "none"},
	{to: "UserError", ask: `mutation { removePackage(input: $input) { userErrors { here: __typename @ } } }`, cells: mine, input: "a removal of none"},
	{to: "Account", ask: `{ account(id: $account) { here: id @ } }`, cells: mine},
	{to: "Account", ask: `{ accounts { nodes { here: id @ } } }`, cells: inOwnLog},
	{to: "Account", ask: `{ accounts { edges { node { here: id @ } } } }`, cells: inOwnLog},
	{to: "AccountConnection", ask: `{ accounts { here: __typename @ } }`, cells: mine},
	{to: "AccountEdge", ask: `{ accounts { edges { here: __typename @ } } }`, cells: mine},
	{to: "PageInfo", ask: `{ accounts { pageInfo { here: __typename @ } } }`, cells: byStaff},
	{to: "Device", ask: `{ node(id: $device) { ... on Device { here: id @ } } }`, cells: mine},
	{to: "Device", ask: `{ node(id: $account) { ... on Account { devices { here: id @ } } } }`, cells: mine},
	{to: "Device", ask: `{ accounts { nodes { devices { here: id @ } } } }`, cells: inOwnLog},
	{to: "Device", ask: `{ viewer { devices { here: __typename @ } } }`, cells: byViewer},
	{to: "Activity", ask: `{ activity { here: __typename @ } }`, cells: mine},
	{to: "ActiveAccounts", ask: `{ activity { now { here: __typename @ } } }`, cells: mine},
	{to: "ActiveAccounts", ask: `{ activity { today { here: __typename @ } } }`, cells: mine},
	{to: "ActiveAccounts", ask: `{ activity { week { here: __typename @ } } }`, cells: mine},
	{to: "RemoveDevicePayload", ask: `mutation { removeDevice(input: $input) { here: __typename @ } }`, cells: mine, input: "the own device"},
	{to: "Account", ask: `mutation { removeDevice(input: $input) { account { here: __typename @ } } }`, cells: byEach, input: "the own device", name: "leaver"},
	{to: "UserError", ask: `mutation { removeDevice(input: $input) { userErrors { here: __typename @ } } }`, cells: noneEach, input: "the own device", name: "none"},
	{to: "SetDevicePolicyPayload", ask: `mutation { setDevicePolicy(input: $input) { here: __typename @ } }`, cells: mine, input: "another policy"},
	{to: "Tenant", ask: `mutation { setDevicePolicy(input: $input) { tenant { here: __typename @ } } }`, cells: byStaff, input: "another policy"},
	{to: "UserError", ask: `mutation { setDevicePolicy(input: $input) { userErrors { here: __typename @ } } }`, cells: "401 403 403 403 403 - - BLK EXP 401 403 - 401", input: "another policy", name: "none"},
	{to: "MailSuppression", ask: `{ node(id: $account) { ... on Account { mailSuppressed { here: __typename @ } } } }`, cells: mine},
	{to: "NotifyCustomerPayload", ask: `mutation { notifyCustomer(input: $input) { here: __typename @ } }`, cells: mine, input: "a message"},
	{to: "Job", ask: `mutation { notifyCustomer(input: $input) { job { here: __typename @ } } }`, cells: ofStaff, input: "a message", name: "notified"},
	{to: "UserError", ask: `mutation { notifyCustomer(input: $input) { userErrors { here: __typename @ } } }`, cells: ofStaff, input: "a message to who complained", name: "settlement"},
	{to: "SetNotificationsPayload", ask: `mutation { setNotifications(input: $input) { here: __typename @ } }`, cells: mine, input: "no more notifications"},
	{to: "Account", ask: `mutation { setNotifications(input: $input) { account { here: __typename @ } } }`, cells: byEach, input: "notifications as before", name: "wish"},
	{to: "LiftMailSuppressionPayload", ask: `mutation { liftMailSuppression(input: $input) { here: __typename @ } }`, cells: mine, input: "a suppression"},
	{to: "Account", ask: `mutation { liftMailSuppression(input: $input) { account { here: __typename @ } } }`, cells: ofStaff, input: "a suppression", name: "acted"},
	{to: "ReleaseLoginPayload", ask: `mutation { releaseLogin(input: $input) { here: __typename @ } }`, cells: mine, input: "a mailbox to release"},
	{to: "RemoveDeviceOfPayload", ask: `mutation { removeDeviceOf(input: $input) { here: __typename @ } }`, cells: mine, input: "a device of a member"},
	{to: "Account", ask: `mutation { removeDeviceOf(input: $input) { account { here: __typename @ } } }`, cells: ofStaff, input: "a device of a member", name: "acted"},
	{to: "UserError", ask: `mutation { removeDeviceOf(input: $input) { userErrors { here: __typename @ } } }`, cells: noErrors, input: "a device of a member", name: "none"},
	{to: "SetMaxDevicesPayload", ask: `mutation { setMaxDevices(input: $input) { here: __typename @ } }`, cells: mine, input: "fewer devices"},
	{to: "Account", ask: `mutation { setMaxDevices(input: $input) { account { here: __typename @ } } }`, cells: ofStaff, input: "fewer devices", name: "acted"},
	{to: "UserError", ask: `mutation { setMaxDevices(input: $input) { userErrors { here: __typename @ } } }`, cells: noErrors, input: "fewer devices", name: "none"},
	{to: "BlockAccountPayload", ask: `mutation { blockAccount(input: $input) { here: __typename @ } }`, cells: mine, input: "a member"},
	{to: "Account", ask: `mutation { blockAccount(input: $input) { account { here: __typename @ } } }`, cells: ofStaff, input: "a member", name: "blocked"},
	{to: "UserError", ask: `mutation { blockAccount(input: $input) { userErrors { here: __typename @ } } }`, cells: mine, input: "oneself"},
	{to: "UnblockAccountPayload", ask: `mutation { unblockAccount(input: $input) { here: __typename @ } }`, cells: mine, input: "a blocked member"},
	{to: "Account", ask: `mutation { unblockAccount(input: $input) { account { here: __typename @ } } }`, cells: ofStaff, input: "a blocked member", name: "acted"},
	{to: "UserError", ask: `mutation { unblockAccount(input: $input) { userErrors { here: __typename @ } } }`, cells: noErrors, input: "a blocked member", name: "none"},
	{to: "SetAccountValidUntilPayload", ask: `mutation { setAccountValidUntil(input: $input) { here: __typename @ } }`, cells: mine, input: "an end"},
	{to: "Account", ask: `mutation { setAccountValidUntil(input: $input) { account { here: __typename @ } } }`, cells: ofStaff, input: "an end", name: "acted"},
	{to: "UserError", ask: `mutation { setAccountValidUntil(input: $input) { userErrors { here: __typename @ } } }`, cells: noErrors, input: "an end", name: "none"},
	{to: "SetAccountRolePayload", ask: `mutation { setAccountRole(input: $input) { here: __typename @ } }`, cells: mine, input: "a photographer to be"},
	{to: "Account", ask: `mutation { setAccountRole(input: $input) { account { here: __typename @ } } }`, cells: ofStaff, input: "a photographer to be", name: "acted"},
	{to: "UserError", ask: `mutation { setAccountRole(input: $input) { userErrors { here: __typename @ } } }`, cells: noErrors, input: "a photographer to be", name: "none"},
}, slices.Concat(uploadWays, webhookWays)...)

// idRows tell what comes back for an id: by node, by every root field of its
// type, and FORBIDDEN instead of a value by every root field of another type.
const idRows = `
                     anon own oth pho idl adm opr blk exp rem for fad str
Job the-owner's      401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job another's        401  403 v   403 403 v   v   BLK EXP 401 403 403 401
Job unclaimed        401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Job the-blocked's    401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Job the-expired's    401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Job the-removed's    401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Job foreign          401  403 403 403 403 403 403 BLK EXP 401 v   v   401
Job unknown          401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Image the-owner's    401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image unreleased     401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image withdrawn      401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Image another's      401  403 v   403 403 v   v   BLK EXP 401 403 403 401
Image unclaimed      401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Image the-blocked's  401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Image the-expired's  401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Image the-removed's  401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Image foreign        401  403 403 403 403 403 403 BLK EXP 401 v   v   401
Image unknown        401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Account the-owner's  401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Account another's    401  403 v   403 403 v   v   BLK EXP 401 403 403 401
Account the-photographer's 401 403 403 v 403 v v  BLK EXP 401 403 403 401
Account the-admin's  401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Account the-blocked's 401 403 403 403 403 v   v   BLK EXP 401 403 403 401
Account the-expired's 401 403 403 403 403 v   v   BLK EXP 401 403 403 401
Account foreign      401  403 403 403 403 403 403 BLK EXP 401 v   v   401
Account the-foreign-admin's 401 403 403 403 403 403 403 BLK EXP 401 403 v 401
Account unknown      401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Device the-owner's   401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Device another's     401  403 v   403 403 v   v   BLK EXP 401 403 403 401
Device removed       401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Device forgotten     401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Device foreign       401  403 403 403 403 403 403 BLK EXP 401 v   v   401
Device unknown       401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Import the-owner's   401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Import foreign       401  403 403 403 403 403 403 BLK EXP 401 403 v   401
Import unknown       401  403 403 403 403 403 403 BLK EXP 401 403 403 401
AuditEntry the-owner's 401 403 403 403 403 v   v  BLK EXP 401 403 403 401
AuditEntry foreign   401  403 403 403 403 403 403 BLK EXP 401 403 v   401
AuditEntry unknown   401  403 403 403 403 403 403 BLK EXP 401 403 403 401
SecurityEvent the-owner's 401 403 403 403 403 v v BLK EXP 401 403 403 401
SecurityEvent the-installation's 401 403 403 403 403 403 v BLK EXP 401 403 403 401
SecurityEvent foreign 401 403 403 403 403 403 403 BLK EXP 401 403 v   401
SecurityEvent unknown 401 403 403 403 403 403 403 BLK EXP 401 403 403 401
Upload the-owner's   401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Upload the-photographer's 401 403 403 v 403 v v   BLK EXP 401 403 403 401
Upload foreign       401  403 403 403 403 403 403 BLK EXP 401 v   v   401
Upload unknown       401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Booking the-owner's  401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Booking another's    401  403 v   403 403 v   v   BLK EXP 401 403 403 401
Booking the-blocked's 401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Booking the-expired's 401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Booking the-removed's 401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Booking foreign      401  403 403 403 403 403 403 BLK EXP 401 v   v   401
Booking unknown      401  403 403 403 403 403 403 BLK EXP 401 403 403 401
MaintenanceRun the-owner's 401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRun foreign 401  403 403 403 403 403 v   BLK EXP 401 403 403 401
MaintenanceRun unknown 401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Task the-owner's     401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Task foreign         401  403 403 403 403 403 v   BLK EXP 401 403 403 401
Task unknown         401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Nothing task-0       401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Nothing empty        401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Nothing malformed    401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Nothing a-uuid       401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Tenant the-owner's   401  v   v   v   v   v   v   BLK EXP 401 403 403 401
Tenant foreign       401  403 403 403 403 403 v   BLK EXP 401 v   v   401
Tenant unknown       401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Nothing a-session    401  403 403 403 403 403 403 BLK EXP 401 403 403 401
` + webhookIDRows
