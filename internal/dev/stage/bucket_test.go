package stage

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestBucketsAreApart(t *testing.T) {
	t.Parallel()
	a, b := Bucket(t), Bucket(t)
	client := s3.New(s3.Options{
		Region: a.Region, BaseEndpoint: &a.Endpoint, UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: a.AccessKeyID, SecretAccessKey: a.SecretAccessKey}, nil
		}),
	})
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &a.Bucket, Key: aws.String("ä/1.jpg"), Body: strings.NewReader("x")})
	if err != nil {
		t.Fatal(err)
	}
	for bucket, want := range map[string]int{a.Bucket: 1, b.Bucket: 0} {
		list, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Contents) != want {
			t.Errorf("%s holds %d objects, want %d", bucket, len(list.Contents), want)
		}
	}
}
