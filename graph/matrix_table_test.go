package graph

import "strings"

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
Query.auditLog                   401  403 403 403 403 v   v   BLK EXP 401 403 v   401
Query.auditVerification          401  403 403 403 403 v   v   BLK EXP 401 403 v   401
Query.securityEvents             401  403 403 403 403 v   v   BLK EXP 401 403 v   401
Query.secrets                    401  403 403 403 403 403 v   BLK EXP 401 403 403 401

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
Tenant.slug                      401  v   403 403 403 v   v   BLK EXP 401 403 403 401
Tenant.name                      401  v   403 403 403 v   v   BLK EXP 401 403 403 401

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

RequestOtpPayload.challengeId    v    v   v   v   v   v   v   v   v   v   v   v   v
RequestOtpPayload.expiresAt      v    v   v   v   v   v   v   v   v   v   v   v   v
RequestOtpPayload.retryAfter     v    v   v   v   v   v   v   v   v   v   v   v   v
VerifyOtpPayload.viewer          v    v   v   v   v   v   v   v   v   v   v   v   v
VerifyOtpPayload.expiresAt       v    v   v   v   v   v   v   v   v   v   v   v   v
VerifyOtpPayload.token           v    v   v   v   v   v   v   v   v   v   v   v   v
VerifyOtpPayload.token [cookie]  n    n   n   n   n   n   n   n   n   n   n   n   n
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
SelectionChange.image            401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SelectionChange.oldState         401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SelectionChange.newState         401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
UserError.field                  401  403 403 403 403 v   v   BLK EXP 401 403 v   401
UserError.message                401  403 403 403 403 v   v   BLK EXP 401 403 v   401
UserError.code                   401  403 403 403 403 v   v   BLK EXP 401 403 v   401
UserError.limit                  401  403 403 403 403 n   n   BLK EXP 401 403 n   401
UserError.limit [import]         401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.limit [settlement]     401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.limit [full]           401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
UserError.used                   401  403 403 403 403 n   n   BLK EXP 401 403 n   401
UserError.used [import]          401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.used [settlement]      401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.used [full]            401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
UserError.remaining              401  403 403 403 403 n   n   BLK EXP 401 403 n   401
UserError.remaining [import]     401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.remaining [settlement] 401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.remaining [full]       401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
`

// calls tell how a field is asked for whose name alone is not enough.
var calls = map[string]string{
	"Query.node":  "node(id: $job) { __typename }",
	"Query.job":   "job(id: $job) { __typename }",
	"Query.image": "image(id: $image) { __typename }",
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
	byAll    = "v v v v v v v v v v v v v"
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
var ways = []way{
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
	{to: "Tenant", ask: `{ viewer { tenant { here: __typename @ } } }`, cells: byViewer},
	{to: "Tenant", ask: `{ node(id: $account) { ... on Account { tenant { here: __typename @ } } } }`, cells: mine},

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
	{to: "Account", ask: `{ node(id: $securityevent) { ... on SecurityEvent { account { here: id @ } } } }`, cells: byAdmins},

	{to: "RequestOtpPayload", ask: `mutation { requestOtp(input: $input) { here: __typename @ } }`, cells: mine, input: "a mailbox"},
	{to: "VerifyOtpPayload", ask: `mutation { verifyOtp(input: $input) { here: __typename @ } }`, cells: mine, input: "a newcomer's code"},
	{to: "VerifyOtpPayload", ask: `mutation { verifyOtp(input: $input) { here: __typename @ } }`, cells: byAll, input: "a newcomer's code, by cookie", name: "cookie"},
	{to: "LogoutPayload", ask: `mutation { logout { here: __typename @ } }`, cells: mine},
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
}

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
Nothing empty        401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Nothing malformed    401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Nothing a-uuid       401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Nothing a-studio     401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Nothing a-session    401  403 403 403 403 403 403 BLK EXP 401 403 403 401
Nothing a-device     401  403 403 403 403 403 403 BLK EXP 401 403 403 401
`
