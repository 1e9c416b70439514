# Needs BuildKit, which is what `docker build` uses. Where Docker Hub or the Go
# module proxy cannot be reached, name mirrors:
#   docker build --build-arg BASE_IMAGE_REGISTRY=mirror.example.com \
#                --build-arg GOPROXY=https://goproxy.example.com,direct .
ARG BASE_IMAGE_REGISTRY=docker.io
ARG GO_IMAGE=${BASE_IMAGE_REGISTRY}/library/golang:1.26-bookworm

# What both kinds of image are made with: this one compiles, and has certificates of CAs.
FROM --platform=${BUILDPLATFORM} ${GO_IMAGE} AS base

# Installs only where the image lacks them.
RUN test -s /etc/ssl/certs/ca-certificates.crt \
    || { apt-get update \
      && apt-get install --yes --no-install-recommends ca-certificates \
      && rm -rf /var/lib/apt/lists/*; } \
    && mkdir /state

# The image without the program. It has no time zones, because all times are in UTC.
FROM scratch AS image

ARG VERSION=unknown
ARG REVISION=unknown
ARG BUILD_DATE=unknown

LABEL org.opencontainers.image.title="wecom_recording_exporter" \
      org.opencontainers.image.description="Prometheus exporter for the cloud recordings of WeCom meetings" \
      org.opencontainers.image.url="https://github.com/wecom-recording-exporter/wecom_recording_exporter" \
      org.opencontainers.image.documentation="https://github.com/wecom-recording-exporter/wecom_recording_exporter#readme" \
      org.opencontainers.image.source="https://github.com/wecom-recording-exporter/wecom_recording_exporter" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${BUILD_DATE}"

COPY --from=base /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# A new volume for --storage.path takes the owner of this.
COPY --from=base --chown=65532:65532 /state /var/lib/wecom_recording_exporter

USER 65532:65532
EXPOSE 10168
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 \
    CMD ["/wecom_recording_exporter", "healthcheck"]
ENTRYPOINT ["/wecom_recording_exporter"]

# --target=prebuilt makes the image of a program that is in the context already, such as
# linux/amd64/wecom_recording_exporter. The names are those of GoReleaser.
FROM image AS prebuilt

ARG TARGETPLATFORM

COPY LICENSE /LICENSE
COPY .release/licenses /licenses
COPY ${TARGETPLATFORM}/wecom_recording_exporter /wecom_recording_exporter

FROM base AS build

WORKDIR /src

# Empty is Go's own default.
ARG GOPROXY=

COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod \
    go mod download

COPY . .

ARG VERSION=unknown
ARG REVISION=unknown
ARG BRANCH=unknown
ARG BUILD_DATE=unknown
ARG TARGETOS
ARG TARGETARCH

RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    package=github.com/prometheus/common/version \
    && CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -buildvcs=false \
      -ldflags "-s -w \
        -X ${package}.Version=${VERSION} \
        -X ${package}.Revision=${REVISION} \
        -X ${package}.Branch=${BRANCH} \
        -X ${package}.BuildUser=docker \
        -X ${package}.BuildDate=${BUILD_DATE}" \
      -o /out/wecom_recording_exporter . \
    && tools/licenses.sh /out/licenses

FROM image

COPY --from=build /src/LICENSE /LICENSE
COPY --from=build /out/licenses /licenses
COPY --from=build /out/wecom_recording_exporter /wecom_recording_exporter
