package config

import (
	"fmt"
	"regexp"
	"strings"
)

var topicARN = regexp.MustCompile(`^arn:aws(-[a-z]+)*:sns:[a-z]{2,}(-[a-z]+)+-[0-9]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$`)

// topics reads topics of Amazon SNS.
func (r *reader) topics(variable string) (all []string) {
	value := r.optional(variable, "")
	if value == "" {
		return nil
	}
	for entry := range strings.SplitSeq(value, ",") {
		entry = strings.TrimSpace(entry)
		if !topicARN.MatchString(entry) {
			r.wrong(variable, fmt.Sprintf("holds %q, which is no topic", shortened(entry)), "ARNs such as arn:aws:sns:eu-central-1:123456789012:bounces")
			continue
		}
		all = append(all, entry)
	}
	return all
}
