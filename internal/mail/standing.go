package mail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	netmail "net/mail"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
)

// Standing is what SES thinks of us.
type Standing struct {
	Sending    bool    // the account may send at all
	Production bool    // and to everybody, not only to verified mailboxes
	Health     string  // HEALTHY, PROBATION or SHUTDOWN; as SES says it
	Left       float64 // mails that may still be sent within 24 hours; negative: any number
	Sender     bool    // the sender, or its domain, is verified
	Signed     bool    // and its mails are signed (DKIM)
}

// ErrMayNotAsk says that the access key may not read how the account is. It may be able to
// send all the same.
var ErrMayNotAsk = errors.New("the access key may not ask SES for ses:GetAccount and ses:GetEmailIdentity")

// Standing asks how the account and its sender are. It sends no mail.
func (s *SES) Standing(ctx context.Context) (Standing, error) {
	account, err := s.client.GetAccount(ctx, &sesv2.GetAccountInput{})
	if err != nil {
		return Standing{}, unanswered(err)
	}
	told := Standing{
		Sending: account.SendingEnabled, Production: account.ProductionAccessEnabled, Health: aws.ToString(account.EnforcementStatus), Left: -1,
	}
	if quota := account.SendQuota; quota != nil && quota.Max24HourSend >= 0 {
		told.Left = max(0, quota.Max24HourSend-quota.SentLast24Hours)
	}
	from, err := netmail.ParseAddress(s.from)
	if err != nil {
		return Standing{}, fmt.Errorf("read the sender: %w", err)
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	for _, name := range []string{from.Address, domain} { // SES takes whichever is verified
		identity, err := s.client.GetEmailIdentity(ctx, &sesv2.GetEmailIdentityInput{EmailIdentity: &name})
		if _, missing := errors.AsType[*types.NotFoundException](err); missing {
			continue
		}
		if err != nil {
			return told, unanswered(err)
		}
		told.Sender = told.Sender || identity.VerifiedForSendingStatus
		told.Signed = told.Signed || identity.DkimAttributes != nil && identity.DkimAttributes.SigningEnabled && identity.DkimAttributes.Status == types.DkimStatusSuccess
	}
	return told, nil
}

// unanswered is judge for questions: SES does not say which right is missing.
func unanswered(err error) error {
	if answer, ok := errors.AsType[*awshttp.ResponseError](err); ok && answer.HTTPStatusCode() == http.StatusForbidden && strings.Contains(judge(err).Error(), "AccessDenied") {
		return ErrMayNotAsk
	}
	return judge(err)
}
