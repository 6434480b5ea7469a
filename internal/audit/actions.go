package audit

// Actions are all that were ever done, for those who look for some.
var Actions = []Action{
	JobCreated, ImagesImported, IncludedImagesSet, AllImagesIncludedSet, SelectionStateSet, ExtraSettled, AccountRoleSet,
	JobStatusSet, CustomerUploadsSet,
	LoginCodeRequested, LoginSucceeded, LoginFailed,
	BookingConfirmed, BookingDeclined, BookingCancelled, BookingAssigned, JobAssigned, PackageSet, PackageRemoved,
	AccountBlocked, AccountUnblocked, AccountValidUntilSet, AccountMaxDevicesSet, DeviceRemoved, LoginReleased, DevicePolicySet,
	TenantAdded, TenantSet, TenantTextSet, TenantTextReset, AccountErased,
	TaskRetried,
	CustomerNotified, MailSuppressionLifted,
	WebhookCreated, WebhookSet, WebhookRemoved, WebhookSecretRotated, WebhookTested, WebhookRedelivered, WebhookDisabled,
}
