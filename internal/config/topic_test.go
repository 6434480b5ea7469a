package config_test

import (
	"errors"
	"slices"
	"testing"

	"pixgate/internal/config"
)

func TestTopics(t *testing.T) {
	t.Parallel()
	const one, other = "arn:aws:sns:eu-central-1:123456789012:bounces", "arn:aws-us-gov:sns:us-gov-west-1:123456789012:a_B-1"
	c, err := config.Load(with(map[string]string{"SES_TOPIC_ARNS": one + ", " + other}))
	if err != nil || !slices.Equal(c.SESTopicARNs, []string{one, other}) {
		t.Errorf("%q, %v", c.SESTopicARNs, err)
	}
	for _, value := range []string{",", "bounces", one + ",", one + ":0badc0de", "arn:aws:sqs:eu-central-1:123456789012:bounces", "arn:aws:sns:evil.example/:123456789012:bounces"} {
		_, err := config.Load(with(map[string]string{"SES_TOPIC_ARNS": value}))
		if problems, _ := errors.AsType[config.Problems](err); len(problems) == 0 || problems[0].Variable != "SES_TOPIC_ARNS" {
			t.Errorf("%q: %v", value, err)
		}
	}
}
