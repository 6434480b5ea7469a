package main

import "pixgate/graph/playground"

// operations stand ready in the playground, a tab each: the way from a mailbox to a
// picture, and what the studio's people do day by day.
var operations = []playground.Operation{
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
		Name: "As the studio: what was refused",
		Query: `query Refused {
  securityEvents(first: 20) {
    nodes { at event count route detail addressKey account { email } requestId }
  }
}
`,
	},
	{
		Name:  "As the operator: how the secrets are",
		Query: "query Secrets {\n  secrets { name state rotatedAt expiresAt daysLeft hasPrevious nextStep }\n}\n",
	},
}
