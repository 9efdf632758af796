# The Docker variant of the umbrella action. The build context is the folder docker/ of a release tree: this file,
# action.yml and the packed binaries. GitHub passes no build arguments, so the defaults here are what users get.

# Docker CLI with Compose and buildx. Pinned by exact version and not by digest: the digest could not be verified
# where this file was written. The release publishes the image built from it by digest.
ARG BASE=docker:28.2.2-cli
FROM ${BASE}

# One or both architectures, as many as the tree has; unpacked is the one of this engine.
COPY mta-linux-*.xz /opt/mta/
RUN case "$(uname -m)" in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) exit 1 ;; esac \
  && unxz -c "/opt/mta/mta-linux-$arch.xz" > /usr/local/bin/mta \
  && chmod 0755 /usr/local/bin/mta \
  && /usr/local/bin/mta --version

ENTRYPOINT ["/usr/local/bin/mta"]
