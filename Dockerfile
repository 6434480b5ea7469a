# The server alone, for whatever runs containers: no shell, no package manager, not root.
# docs/operations.md says how it is run, and how it is proved that it is what the source says.
#
# Built where no registry could be asked: the first image is named by its exact version, the
# second by its digest, too. Before a release, name both by digest:
#   docker buildx imagetools inspect golang:1.26.8-bookworm
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly
COPY go.mod go.sum ./
RUN go mod download && go mod verify
COPY . .
# As `make reproducible` does: the same source gives the same bytes, wherever it lies.
RUN go build -trimpath -buildvcs=false -ldflags=-buildid= -o /pixgate .

FROM gcr.io/distroless/static-debian12:nonroot@sha256:d093aa3e30dbadd3efe1310db061a14da60299baff8450a17fe0ccc514a16639
COPY --from=build /pixgate /usr/local/bin/pixgate
USER nonroot:nonroot
# There is no browser in here: POST /pdf answers 503.
ENV ADDR=:8080 CHROMIUM=off
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/pixgate"]
