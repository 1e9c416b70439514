# Needs BuildKit, which is what `docker build` uses. Where Docker Hub or the Go
# module proxy cannot be reached, name mirrors:
#   docker build --build-arg BASE_IMAGE_REGISTRY=mirror.example.com \
#                --build-arg GOPROXY=https://goproxy.example.com,direct .
ARG BASE_IMAGE_REGISTRY=docker.io
ARG GO_IMAGE=${BASE_IMAGE_REGISTRY}/library/golang:1.26-bookworm

FROM --platform=${BUILDPLATFORM} ${GO_IMAGE} AS build

WORKDIR /src

# Installs only where the base image lacks them.
RUN test -s /etc/ssl/certs/ca-certificates.crt && test -s /usr/share/zoneinfo/Asia/Shanghai \
    || { apt-get update \
      && apt-get install --yes --no-install-recommends ca-certificates tzdata \
      && rm -rf /var/lib/apt/lists/*; }

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
    && tools/licenses.sh /out/licenses \
    && mkdir -p /out/state

FROM scratch

ARG VERSION=unknown
ARG REVISION=unknown
ARG BUILD_DATE=unknown

LABEL org.opencontainers.image.title="wecom_recording_exporter" \
      org.opencontainers.image.description="Prometheus exporter for the cloud recordings of WeCom meetings" \
      org.opencontainers.image.source="https://github.com/wecom-recording-exporter/wecom_recording_exporter" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${BUILD_DATE}"

COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build /src/LICENSE /LICENSE
COPY --from=build /out/licenses /licenses
COPY --from=build /out/wecom_recording_exporter /wecom_recording_exporter
# A new volume for --storage.path takes the owner of this.
COPY --from=build --chown=65532:65532 /out/state /var/lib/wecom_recording_exporter

USER 65532:65532
EXPOSE 10168
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 \
    CMD ["/wecom_recording_exporter", "healthcheck"]
ENTRYPOINT ["/wecom_recording_exporter"]
