package main

import "pixgate/graph/playground"

// operations stand ready in the playground: the way from a mailbox to a picture.
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
		Query: "query Jobs {\n  jobs(first: 10) {\n    nodes {\n      id\n      title\n      images(first: 20, filter: { released: true }) {\n" +
			"        nodes { id filename selectionState downloadUrl }\n      }\n    }\n  }\n}\n",
	},
}
