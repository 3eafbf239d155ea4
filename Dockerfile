# syntax=docker/dockerfile:1
# A small image that runs as an unprivileged user. The SQLite file and the generated signing key are in /data:
#
#   docker build --tag stockroom .
#   docker run --publish 8000:8000 --volume stockroom:/data stockroom
#
# With PostgreSQL, set --env DATABASE_URL=postgres://… and --env SECRET_KEY=…; the container then stores nothing.

# The pages for browsers are built in a stage of their own, so that the compiler's image needs no Node.
FROM node:22-bookworm-slim AS web
WORKDIR /web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev
COPY web ./
RUN npm run build

FROM rust:1.95-slim-bookworm AS builder
COPY --from=web /web/dist /web
ENV STOCKROOM_WEB_DIST=/web
WORKDIR /build
COPY . .
# The cache mounts are not part of the image, so the program is copied out of `target` in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked && install -D target/release/stockroom /out/stockroom

FROM debian:bookworm-slim
# The certificate authorities for Redis over TLS (rediss://). Those for PostgreSQL and webhooks are compiled in.
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=builder /out/stockroom /usr/local/bin/stockroom
# The user `nobody` and the group `nogroup`, as numbers, so that Kubernetes can verify that the user is not root.
RUN install --directory --owner 65534 --group 65534 /data
USER 65534:65534
WORKDIR /data
VOLUME /data
ENV BIND=0.0.0.0:8000 DATABASE_URL=sqlite:///data/stockroom.db
EXPOSE 8000
# Sends a request to the address of BIND.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["stockroom", "health"]
ENTRYPOINT ["stockroom"]
CMD ["serve"]
