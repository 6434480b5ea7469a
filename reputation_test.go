package main

import (
	"testing"

	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
)

// Every mail counts, sign-in codes included, and also that which left in a server's last seconds.
func TestAServerThatStopsHasCountedItsMails(t *testing.T) {
	t.Parallel()
	db, box := stage.Database(t), stage.Mailbox(t)
	people := cast.New(t, db.Owner)
	p := start(t, settings(t, db, map[string]string{"SES_ENDPOINT": box.Endpoint(), "SES_ACCESS_KEY_ID": box.AccessKeyID(), "SES_SECRET_ACCESS_KEY": box.SecretAccessKey()}))
	p.mailed(t, box, people.Owner.Email, 1)
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	var sent int
	if err := db.Owner.QueryRow(t.Context(), "SELECT coalesce(sum(sent), 0) FROM mail_day").Scan(&sent); err != nil || sent != len(box.Messages()) {
		t.Errorf("%d mails are counted of %d: %v", sent, len(box.Messages()), err)
	}
	again := start(t, settings(t, db, map[string]string{"SES_ENDPOINT": box.Endpoint()}))
	got := again.ask(t, `{ mailHealth { sent bounceRate state } }`, nil, "Authorization: Bearer "+people.Operator.Token)
	if string(got.Data["mailHealth"]) != `{"sent":1,"bounceRate":0,"state":"WELL"}` {
		t.Errorf("%d %v %s", got.Status, got.Errors, got.Data["mailHealth"])
	}
}
