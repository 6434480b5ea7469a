package playground

// Operations stand ready in the playground, a tab each: the way from a mailbox to a
// picture, and what the studio's people do day by day.
var Operations = []Operation{
	{
		Name:      "1 Ask for a code",
		Query:     "mutation Ask($input: RequestOtpInput!) {\n  requestOtp(input: $input) {\n    challengeId\n    expiresAt\n  }\n}\n",
		Variables: "{\n  \"input\": { \"email\": \"anna@kunde.example\" }\n}",
	},
	{
		Name:      "2 Sign in",
		Query:     "mutation SignIn($input: VerifyOtpInput!) {\n  verifyOtp(input: $input) {\n    viewer { email role }\n  }\n}\n",
		Variables: "{\n  \"input\": {\n    \"challengeId\": \"from step 1\",\n    \"code\": \"from the mail\",\n    \"transport\": \"COOKIE\",\n    \"replaceDevice\": false\n  }\n}",
	},
	{
		Name: "3 See jobs, download",
		Query: `# this delivers what it lists: what was delivered stays chosen
query Jobs {
  jobs(first: 10) {
    nodes {
      id
      title
      package { included used remaining extrasPending extrasPaid extrasFree delivered }
      images(first: 20, filter: { released: true }) {
        nodes { id filename selectionState downloadUrl }
      }
    }
  }
}
`,
	},
	{
		Name: "As a client: what can be chosen",
		Query: `query Choosable {
  jobs(first: 5) {
    nodes {
      id
      title
      sellsExtras
      package { included used remaining extrasPending }
      images(first: 50, filter: { selectionState: [NONE, EXTRA_PENDING] }) {
        nodes { id filename selectionState previewUrl }
      }
    }
  }
}
`,
	},
	{
		Name:  "As a client: a contact sheet, to choose from on paper",
		Query: "query Sheet {\n  jobs(first: 5) {\n    nodes { title contactSheetUrl }\n  }\n}\n",
	},
	{
		Name: "As a client: choose pictures",
		Query: `mutation Choose($input: SelectImagesInput!) {
  selectImages(input: $input) {
    job { package { included used remaining extrasPending } }
    changes { image { filename } oldState newState }
    userErrors { message code limit used remaining }
  }
}
`,
		Variables: "{\n  \"input\": { \"jobId\": \"job_…\", \"imageIds\": [\"img_…\"], \"selected\": true }\n}",
	},
	{
		Name: "As a photographer: upload a picture",
		Query: `# then PUT the file to url with these headers, and call completeUpload; docs/examples/upload.mjs does all that
mutation Upload($input: CreateUploadInput!) {
  createUpload(input: $input) {
    upload { id state method expiresAt url headers { name value } partSize receivedParts { number } image { id } }
    userErrors { message code limit used remaining limitBytes usedBytes remainingBytes }
  }
}
`,
		Variables: "{\n  \"input\": { \"jobId\": \"job_…\", \"filename\": \"Küche.jpg\", \"contentType\": \"image/jpeg\", \"size\": 123456, \"sha256\": \"64 hexadecimal digits\" }\n}",
	},
	{
		Name: "As a client: book a shoot",
		Query: `mutation Book($input: CreateBookingInput!) {
  createBooking(input: $input) {
    booking { id status package { name includedImages } preferredDates customer { email } }
    userErrors { message code }
  }
}

query Offer {
  packages { key name description includedImages allImagesIncluded extraPrice currency }
}
`,
		Variables: "{\n  \"input\": {\n    \"address\": \"Haus am See 1, 82319 Starnberg\",\n    \"package\": \"klein\",\n    \"preferredDates\": [\"2027-03-01\"],\n    \"notes\": \"Hund im Garten\",\n    \"contactPhone\": \"+49 40 1234567\"\n  }\n}",
	},
	{
		Name: "As the studio: bookings, confirm one, make it a job",
		Query: `query Bookings {
  bookings(first: 20, filter: { status: REQUESTED }) {
    totalCount
    nodes { id createdAt customer { email } address package { name } preferredDates notes contactPhone }
  }
}

mutation Confirm($input: ConfirmBookingInput!) {
  confirmBooking(input: $input) { booking { status confirmedDate message } userErrors { message code } }
}

mutation MakeJob($job: CreateJobFromBookingInput!) {
  createJobFromBooking(input: $job) { job { id title includedImages allImagesIncluded sellsExtras } userErrors { message code } }
}

# who takes the pictures; only then may they upload
mutation Assign($who: AssignPhotographerInput!) {
  assignPhotographer(input: $who) { booking { photographer { email } job { id } } userErrors { message code } }
}
`,
		Variables: "{\n  \"input\": { \"bookingId\": \"bkg_…\", \"date\": \"2027-03-01\", \"message\": \"Wir freuen uns auf den Termin um 10 Uhr.\" },\n  \"job\": { \"bookingId\": \"bkg_…\" },\n  \"who\": { \"bookingId\": \"bkg_…\", \"photographerEmail\": \"foto@studio.example\" }\n}",
	},
	{
		Name: "As the studio: what it offers",
		Query: `mutation SetPackage($input: SetPackageInput!) {
  setPackage(input: $input) { package { key name includedImages allImagesIncluded extraPrice currency active } userErrors { message code } }
}
`,
		Variables: "{\n  \"input\": { \"key\": \"gross\", \"name\": \"Groß\", \"includedImages\": 40, \"extraPrice\": 1000, \"currency\": \"EUR\", \"reason\": \"neu im Angebot\" }\n}",
	},
	{
		Name: "Watch a job: run it, choose in another tab",
		Query: `subscription Watch($job: ID!) {
  jobEvents(jobId: $job) {
    kind
    at
    job { title status package { included used remaining extrasPending } }
    images { id filename selectionState released }
    uploads { filename state rejection { message } }
  }
}
`,
		Variables: "{\n  \"job\": \"job_…\"\n}",
	},
	{
		Name: "As the studio: a larger or smaller package",
		Query: `mutation Package($input: SetIncludedImagesInput!) {
  setIncludedImages(input: $input) {
    job { package { included used remaining extrasPending extrasFree } }
    changes { image { filename } oldState newState }
    userErrors { message code }
  }
}
`,
		Variables: "{\n  \"input\": { \"jobId\": \"job_…\", \"includedImages\": 25, \"reason\": \"Kulanz\" }\n}",
	},
	{
		Name: "As the studio: grant (EXTRA_FREE) or withdraw (BLOCKED) pictures",
		Query: `mutation Grant($input: SetSelectionStateInput!) {
  setSelectionState(input: $input) {
    changes { image { filename released releaseReason } oldState newState }
    userErrors { message code }
  }
}
`,
		Variables: "{\n  \"input\": { \"imageIds\": [\"img_…\"], \"selectionState\": \"EXTRA_FREE\", \"reason\": \"Kulanz\" }\n}",
	},
	{
		Name: "As the studio: the package includes every picture, or not any more",
		Query: `mutation All($input: SetAllImagesIncludedInput!) {
  setAllImagesIncluded(input: $input) {
    job { allImagesIncluded package { included used remaining extrasFree delivered } }
    changes { image { filename } oldState newState }
    userErrors { message code }
  }
}
`,
		Variables: "{\n  \"input\": { \"jobId\": \"job_…\", \"allImagesIncluded\": true, \"reason\": \"Kulanz\" }\n}",
	},
	{
		Name: "As the studio: extras were paid",
		Query: `mutation Paid($input: SettleExtrasInput!) {
  settleExtras(input: $input) {
    job { package { extrasPending extrasPaid } }
    changes { image { filename } newState }
    userErrors { message code }
  }
}
`,
		Variables: "{\n  \"input\": { \"jobId\": \"job_…\", \"imageIds\": [\"img_…\"], \"paymentReference\": \"Rechnung 2026-0042\" }\n}",
	},
	{
		Name: "As the studio: who let this picture out, when, why?",
		Query: `query Why($image: ID!) {
  image(id: $image) {
    filename
    selectionState
    released
    releaseReason
    history(first: 50) {
      nodes { at kind actor { email } oldState newState way staff entry { action reason oldValue newValue } }
    }
  }
}
`,
		Variables: "{\n  \"image\": \"img_…\"\n}",
	},
	{
		Name: "As the studio: the audit log, and whether it is whole",
		Query: `query Log($filter: AuditLogFilter) {
  auditLog(first: 20, filter: $filter) {
    nodes { sequence at actor { email } action job { title } image { filename } oldValue newValue reason }
    pageInfo { hasNextPage endCursor }
  }
  auditVerification { checkedTo complete nextSequence fault { sequence kind message } }
}
`,
		Variables: "{\n  \"filter\": { \"action\": \"image.selection_state_set\" }\n}",
	},
	{
		Name: "My devices, and signing one of them out",
		Query: `query Devices {
  viewer {
    email
    validUntil
    maxDevices
    devices { id name kind createdAt lastSeenAt current }
  }
}

mutation RemoveDevice($input: RemoveDeviceInput!) {
  removeDevice(input: $input) {
    account { devices { id name current } }
  }
}
`,
		Variables: "{\n  \"input\": { \"deviceId\": \"dev_…\" }\n}",
	},
	{
		Name: "As the studio: who is active, and finding somebody",
		Query: `query People($filter: AccountFilter) {
  activity {
    now { all handheld desktop other }
    today { all handheld desktop other }
    week { all handheld desktop other }
  }
  accounts(first: 20, filter: $filter) {
    nodes { id email role validUntil blockedAt maxDevices lastSeenAt devices { id name kind lastSeenAt } }
    pageInfo { hasNextPage endCursor }
  }
}
`,
		Variables: "{\n  \"filter\": { \"text\": \"anna\" }\n}",
	},
	{
		Name: "As the studio: block somebody, or end their membership",
		Query: `mutation Block($input: BlockAccountInput!) {
  blockAccount(input: $input) {
    account { email blockedAt }
    userErrors { message code }
  }
}

mutation Unblock($input: UnblockAccountInput!) {
  unblockAccount(input: $input) {
    account { email blockedAt }
    userErrors { message code }
  }
}

mutation EndMembership($end: SetAccountValidUntilInput!) {
  setAccountValidUntil(input: $end) {
    account { email validUntil }
    userErrors { message code }
  }
}
`,
		Variables: "{\n  \"input\": { \"accountId\": \"acc_…\", \"reason\": \"Rechnung offen\" },\n  \"end\": { \"accountId\": \"acc_…\", \"validUntil\": \"2027-12-31T23:00:00Z\", \"reason\": \"Vertrag\" }\n}",
	},
	{
		Name: "As the studio: roles and devices of somebody",
		Query: `mutation Role($role: SetAccountRoleInput!) {
  setAccountRole(input: $role) {
    account { email role }
    userErrors { message code }
  }
}

mutation Limit($limit: SetMaxDevicesInput!) {
  setMaxDevices(input: $limit) {
    account { email maxDevices devices { name lastSeenAt } }
    userErrors { message code }
  }
}

mutation Policy($policy: SetDevicePolicyInput!) {
  setDevicePolicy(input: $policy) {
    tenant { name devicePolicy }
  }
}

mutation SignOut($device: RemoveDeviceOfInput!) {
  removeDeviceOf(input: $device) {
    account { email devices { id name } }
    userErrors { message code }
  }
}
`,
		Variables: "{\n  \"role\": { \"accountId\": \"acc_…\", \"role\": \"PHOTOGRAPHER\" },\n  \"limit\": { \"accountId\": \"acc_…\", \"maxDevices\": 3 },\n  \"policy\": { \"policy\": \"REPLACE_OLDEST\", \"reason\": \"viele Telefone\" },\n  \"device\": { \"accountId\": \"acc_…\", \"deviceId\": \"dev_…\", \"reason\": \"verloren\" }\n}",
	},
	{
		Name: "As the studio: somebody can't sign in on a new device",
		Query: `# strangers have spent what may be asked for and tried with the address: once a day it can be given back
mutation Release($input: ReleaseLoginInput!) {
  releaseLogin(input: $input) {
    ok
  }
}
`,
		Variables: "{\n  \"input\": { \"email\": \"anna@kunde.example\", \"reason\": \"neues Telefon\" }\n}",
	},
	{
		Name: "As the studio: what was refused",
		Query: `query Refused {
  securityEvents(first: 20) {
    nodes { at event count route detail addressKey account { email } requestId }
  }
}
`,
	},
	{
		Name: "As the studio: write to a customer; mailboxes that refuse mail",
		Query: `mutation Notify($input: NotifyCustomerInput!) {
  notifyCustomer(input: $input) { job { title } userErrors { message code } }
}

query Refusing {
  accounts(first: 50) { nodes { id email notifications mailSuppressed { cause since } } }
}

mutation Lift($lift: LiftMailSuppressionInput!) {
  liftMailSuppression(input: $lift) { account { email mailSuppressed { cause } } }
}
`,
		Variables: "{\n  \"input\": { \"jobId\": \"job_…\", \"message\": \"Die Bilder der Terrasse kommen morgen.\" },\n  \"lift\": { \"accountId\": \"acc_…\", \"reason\": \"Postfach repariert\" }\n}",
	},
	{
		Name: "As a client: no more notifications, or some again",
		Query: `mutation Wish($input: SetNotificationsInput!) {
  setNotifications(input: $input) { account { notifications } }
}
`,
		Variables: "{\n  \"input\": { \"enabled\": true }\n}",
	},
	{
		Name:      "As the studio: webhooks, and how they fare",
		Query:     "mutation Hook($input: CreateWebhookInput!) {\n  createWebhook(input: $input) { webhook { id } secret userErrors { message code } }\n}\n\nquery Hooks {\n  webhooks {\n    id url events disabledReason failingSince\n    deliveries(first: 20) { nodes { id type state attempts lastStatus lastTrouble nextAttemptAt body } }\n  }\n}\n",
		Variables: "{\n  \"input\": { \"url\": \"https://example.com/pixgate\", \"events\": [\"IMAGE_RELEASED\", \"JOB_READY\"] }\n}",
	},
	{
		Name: "As the studio: erase a person",
		Query: `mutation Erase($input: EraseAccountInput!) {
  eraseAccount(input: $input) {
    account { id email blockedAt }
    userErrors { message code }
  }
}
`,
		Variables: "{\n  \"input\": { \"accountId\": \"acc_…\", \"reason\": \"asked for it by letter\" }\n}",
	},
	{
		Name:  "As the operator: the studios",
		Query: "query Studios {\n  tenants {\n    nodes { slug name locale timeZone signUpOpen settings { hosts origins sender forgetAfterDays } }\n  }\n}\n",
	},
	{
		Name:  "As the operator: how the secrets are",
		Query: "query Secrets {\n  secrets { name state rotatedAt expiresAt daysLeft hasPrevious nextStep }\n}\n",
	},
	{
		Name:  "As the operator: how much mail bounces",
		Query: "query Mail {\n  mailHealth { state days sent bounced bounceRate bounceLimit complained complaintRate complaintLimit }\n}\n",
	},
	{
		Name:  "As the operator: how maintenance went, and which tasks died",
		Query: "query Upkeep {\n  maintenanceRuns(first: 10) {\n    nodes { task origin state summary errorCode startedAt finishedAt }\n  }\n  tasks(first: 20) {\n    nodes { id kind state attempts maxAttempts lastError { code message at } nextAt }\n  }\n}\n",
	},
	{
		Name:      "As the operator: try a task again that died",
		Query:     "mutation Again($input: RetryTaskInput!) {\n  retryTask(input: $input) {\n    task { state attempts maxAttempts }\n    userErrors { message code }\n  }\n}\n",
		Variables: "{\n  \"input\": { \"taskId\": \"tsk_…\", \"reason\": \"the storage is back\" }\n}",
	},
}
