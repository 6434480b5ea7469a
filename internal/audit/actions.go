package audit

// Actions are all that were ever done, for those who look for some.
var Actions = []Action{
	JobCreated, ImagesImported, IncludedImagesSet, AllImagesIncludedSet, SelectionStateSet, ExtraSettled, AccountRoleSet,
	LoginCodeRequested, LoginSucceeded, LoginFailed,
	TaskRetried,
}
