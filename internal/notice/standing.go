package notice

// MailState is how near our mail is to what SES does not allow.
type MailState string

// The states, the worst last.
const (
	MailWell     MailState = "WELL"
	MailWarning  MailState = "WARNING"  // half of a limit, or one mail alone past it
	MailCritical MailState = "CRITICAL" // a limit, by two mails or more
)

// MailHealth is how our mail stood in the last [ReputationDays] days.
type MailHealth struct {
	Days                      int
	Sent, Bounced, Complained int
	BounceRate, ComplaintRate *float64 // of Sent; nil: nothing was sent
	BounceLimit               float64
	ComplaintLimit            float64
	State                     MailState
}

func judge(sent, bounced, complained int) *MailHealth {
	h := &MailHealth{
		Days: ReputationDays, Sent: sent, Bounced: bounced, Complained: complained, BounceLimit: BounceLimit, ComplaintLimit: ComplaintLimit,
		State: MailWell,
	}
	if sent > 0 {
		h.BounceRate, h.ComplaintRate = new(float64(bounced)/float64(sent)), new(float64(complained)/float64(sent))
	}
	for _, one := range []struct {
		count int
		limit float64
	}{{bounced, BounceLimit}, {complained, ComplaintLimit}} {
		switch most := one.limit * float64(sent); {
		case one.count >= 2 && float64(one.count) >= most:
			h.State = MailCritical
		case one.count >= 1 && float64(one.count) >= most/2 && h.State == MailWell:
			h.State = MailWarning
		}
	}
	return h
}
