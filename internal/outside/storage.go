package outside

import (
	"context"

	"pixgate/internal/blob"
	"pixgate/internal/config"
	"pixgate/internal/mail"
)

// Store opens the bucket with the pictures.
func Store(ctx context.Context, settings config.Config) (*blob.Store, error) {
	return blob.Open(ctx, blob.Options{
		Endpoint: settings.S3Endpoint, Region: settings.S3Region, Bucket: settings.S3Bucket,
		AccessKeyID: settings.S3AccessKeyID, SecretAccessKey: settings.S3SecretAccessKey.Reveal(),
	})
}

// Sender opens what mail leaves by.
func Sender(ctx context.Context, settings config.Config) (*mail.SES, error) {
	return mail.OpenSES(ctx, mail.SESOptions{
		Region: settings.SESRegion, Endpoint: settings.SESEndpoint,
		AccessKeyID: settings.SESAccessKeyID, SecretAccessKey: settings.SESSecretAccessKey.Reveal(), From: settings.MailFrom.String(),
	})
}
