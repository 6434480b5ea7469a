package mailbox

import (
	"net/http"
	"strings"
)

// Standing is what SES says about the account and its senders.
type Standing struct {
	SendingEnabled, ProductionAccessEnabled bool
	EnforcementStatus                       string
	Max24HourSend, SentLast24Hours          float64
	Verified                                []string // mailboxes and domains; nil: everybody
	Unsigned                                bool     // their mails are not signed
	Secret                                  bool     // the key may not ask
}

// Stand changes what SES says; at first it is an account in good standing.
func (s *Server) Stand(as Standing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.standing = as
}

var goodStanding = Standing{SendingEnabled: true, ProductionAccessEnabled: true, EnforcementStatus: "HEALTHY", Max24HourSend: 50_000}

// asked answers questions about the account: GetAccount and GetEmailIdentity of SES v2.
func (s *Server) asked(about func(Standing, *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if mode, _ := s.faults.now(); mode == Down {
			panic(http.ErrAbortHandler)
		}
		s.mu.Lock()
		standing := s.standing
		s.mu.Unlock()
		err := s.verify(r, nil)
		if err == nil && standing.Secret {
			err = refusal{http.StatusForbidden, "AccessDeniedException", "not authorized to perform this"}
		}
		var told any
		if err == nil {
			told, err = about(standing, r)
		}
		if err != nil {
			refuse(w, err)
			return
		}
		answer(w, http.StatusOK, told)
	}
}

func account(s Standing, _ *http.Request) (any, error) {
	return map[string]any{
		"SendingEnabled": s.SendingEnabled, "ProductionAccessEnabled": s.ProductionAccessEnabled, "EnforcementStatus": s.EnforcementStatus,
		"SendQuota": map[string]float64{"Max24HourSend": s.Max24HourSend, "SentLast24Hours": s.SentLast24Hours, "MaxSendRate": 14},
	}, nil
}

func identity(s Standing, r *http.Request) (any, error) {
	name := r.PathValue("name")
	verified := s.Verified == nil
	for _, one := range s.Verified {
		verified = verified || strings.EqualFold(one, name)
	}
	if !verified {
		return nil, refusal{http.StatusNotFound, "NotFoundException", "Email identity " + name + " does not exist."}
	}
	return map[string]any{
		"VerifiedForSendingStatus": true,
		"DkimAttributes":           map[string]any{"SigningEnabled": !s.Unsigned, "Status": map[bool]string{true: "NOT_STARTED", false: "SUCCESS"}[s.Unsigned]},
	}, nil
}
