package webhook

import (
	"fmt"
	"slices"

	"pixgate/internal/egress"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// NewWebhook is what a webhook is made of.
type NewWebhook struct {
	URL    string // https, at most MaxURL bytes
	Events []Type // one at least, of Types
	Reason string // for the audit log, at most 1,000 characters
}

// Change is what becomes of a webhook; what is nil stays.
type Change struct {
	URL     *string
	Events  []Type
	Enabled *bool
	Reason  string
}

var sentences = map[egress.Reason]string{
	egress.NotPublic:   "Give an address on the open internet: this one is of a private network, or no public name.",
	egress.BadName:     "Give a host name as DNS knows it.",
	egress.BadPort:     "Leave the port out: webhooks go to 443.",
	egress.BadScheme:   "Give an https address.",
	egress.Credentials: "Leave name and password out: what is posted is signed.",
}

// address reads where a webhook is to lead, in one spelling.
func address(raw string) (string, []fault.Field) {
	wrong := func(code fault.FieldCode, message string) []fault.Field {
		return []fault.Field{{Path: "input.url", Code: code, Message: message}}
	}
	if raw == "" {
		return "", wrong(fault.Required, "Give an https address.")
	}
	u, err := egress.URL(raw, false)
	if err != nil {
		if sentence, known := sentences[egress.WhyBlocked(err)]; known {
			return "", wrong(fault.InvalidValue, sentence)
		}
		return "", wrong(fault.InvalidValue, "Give a full https address, such as https://example.com/pixgate.")
	}
	u.Fragment, u.RawFragment = "", ""
	spelled := u.String()
	if len(spelled) > MaxURL {
		return "", wrong(fault.InvalidValue, fmt.Sprintf("Give an address of at most %d bytes.", MaxURL))
	}
	return spelled, nil
}

// wanted reads which events a webhook is to hear of: each once, in the order of their names.
func wanted(types []Type) ([]string, []fault.Field) {
	var events []string
	for _, one := range types {
		if !slices.Contains(Types, one) {
			return nil, []fault.Field{{Path: "input.events", Code: fault.InvalidValue, Message: "A test can't be asked for; use testWebhook."}}
		}
		events = append(events, string(one))
	}
	if len(events) == 0 {
		return nil, []fault.Field{{Path: "input.events", Code: fault.Required, Message: "Name at least one event."}}
	}
	slices.Sort(events)
	return slices.Compact(events), nil
}

// value is a webhook as the audit log keeps it: of its address the host alone.
type value struct {
	Webhook   string   `json:"webhook"`
	Host      string   `json:"host"`
	Events    []string `json:"events"`
	Enabled   bool     `json:"enabled"`
	Why       *string  `json:"why,omitempty"`
	OtherPath bool     `json:"otherPath,omitempty"` // the address changed behind the host
	NewSecret bool     `json:"newSecret,omitempty"` // it got another one
	Delivery  string   `json:"delivery,omitempty"`  // that it is about
}

func valueOf(row queries.Webhook) value {
	return value{Webhook: id.Webhook.Format(row.ID), Host: host(row.Url), Events: row.Events, Enabled: row.DisabledAt == nil, Why: row.DisabledWhy}
}
