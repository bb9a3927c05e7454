# syntax=docker/dockerfile:1
# Equal to rust-toolchain.toml; a test compares them.
ARG RUST_VERSION=1.95.0

FROM rust:${RUST_VERSION}-slim-bookworm AS build
ARG RUST_VERSION
# The toolchain that is here; rust-toolchain.toml would fetch rustfmt and clippy as well.
ENV RUSTUP_TOOLCHAIN=${RUST_VERSION}
# `off` builds with less memory, and answers fewer polls.
ARG CARGO_PROFILE_RELEASE_LTO=fat
WORKDIR /src
COPY . .
# Dependencies, and what is compiled of them, stay in the builder's cache between builds. Cargo goes
# by the files' times, which say little when several checkouts share a cache: ours count as new.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    find crates -name '*.rs' -exec touch {} + \
    && cargo build --release --locked --package darkroom \
    && cp target/release/darkroom /usr/local/bin/darkroom

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin darkroom
COPY --from=build /usr/local/bin/darkroom /usr/local/bin/darkroom
USER 10001
# In a container, loopback is nobody's.
ENV HOST=0.0.0.0
EXPOSE 8000
STOPSIGNAL SIGTERM
# No ENTRYPOINT: some platforms put their command after it and others in its place.
# `darkroom worker` means the same to all of them.
CMD ["darkroom", "api"]
