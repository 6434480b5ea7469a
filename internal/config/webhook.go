package config

import (
	"strings"

	"pixgate/internal/egress"
	"pixgate/internal/secret"
	"pixgate/internal/webhook/standard"
)

const howToMakeHookSecrets = "the output of: echo whsec_$(openssl rand -base64 32)"

// webhook reads where alerts are posted to and what signs them: both, or neither. An
// address may be a secret by itself, as those of chats are, and is not shown.
func (r *reader) webhook(address, signer string) (to secret.Value, current, previous standard.Secret) {
	if !r.isSet(address) && !r.isSet(signer) && !r.isSet(signer+"_PREVIOUS") {
		return "", standard.Secret{}, standard.Secret{}
	}
	const set = "an https address that the open internet has, such as https://alerts.example.com/pixgate"
	to = secret.Value(r.required(address, set+", or don't set "+signer))
	if why := blocked(to); why != "" {
		r.wrong(address, "leads where no webhook goes ("+string(why)+")", set)
	}
	current, previous = r.hookSecret(signer)
	return to, current, previous
}

func blocked(to secret.Value) egress.Reason {
	if to == "" {
		return "" // reported already
	}
	_, err := egress.URL(to.Reveal(), false)
	return egress.WhyBlocked(err)
}

// hookSecret reads a secret that signs webhooks and the one before it.
func (r *reader) hookSecret(variable string) (current, previous standard.Secret) {
	current = r.signer(variable, r.required(variable, howToMakeHookSecrets))
	if old := variable + "_PREVIOUS"; r.isSet(old) {
		previous = r.signer(old, r.optional(old, ""))
	}
	return current, previous
}

func (r *reader) signer(variable, value string) standard.Secret {
	if value == "" {
		return standard.Secret{} // reported already
	}
	signer, err := standard.ParseSecret(value)
	if err != nil {
		r.wrong(variable, `is not "whsec_" and the base64 of 24 to 64 bytes`, howToMakeHookSecrets)
		return standard.Secret{}
	}
	r.strong(variable, strings.TrimPrefix(value, "whsec_")) // what is the same in all of them proves nothing
	return signer
}
