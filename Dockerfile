# The service as an image: `scripts/build-image` builds it, `scripts/try-image` shows that it runs with the fewest rights.
# Targets: `cpu` (the default) and `cuda` (for NVIDIA's container runtime). docs/deploy.md says how to run it.
#
# Debian's own Python: no compiler and no pip come with it, its security updates are Debian's, and it is the version that
# is tested. Nothing below is of one architecture; every wheel is taken for the one that is built for. A release names
# the base by digest: --build-arg BASE=docker.io/library/debian@sha256:…
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BASE} AS python
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# hadolint ignore=DL3008 # Debian keeps only the newest version of a package, and that is the one with the security fixes
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates python3 tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && groupadd --gid 10001 takt \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /var/lib/takt --shell /usr/sbin/nologin takt \
    && install -d -o 10001 -g 10001 -m 0750 /var/lib/takt

FROM python AS build
# hadolint ignore=DL3008
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /opt/takt
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ONLY_BINARY=:all:
ARG EXTRAS=webrtc,openvino,pose,actors,flow,sparkplug,tracing,demo
WORKDIR /src
COPY scripts/requirements pyproject.toml constraints.txt ./
RUN ./requirements "$EXTRAS" >wanted.txt

FROM build AS build-cpu
# Where packages come from is the builder's business: none of these reaches the image.
ARG PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_CERT PIP_DEFAULT_TIMEOUT=60
ARG TORCH_CPU_INDEX=https://download.pytorch.org/whl/cpu
# A wheel for CPUs that lies in PIP_FIND_LINKS wins, else PyTorch's own index of them.
RUN torch="$(sed -n 's/^torch==//p' constraints.txt)" \
    && { /opt/takt/bin/pip install -q --no-deps --no-index "torch==$torch+cpu" \
        || /opt/takt/bin/pip install -q --no-deps --index-url "$TORCH_CPU_INDEX" "torch==$torch"; } \
    && /opt/takt/bin/pip install -q -c constraints.txt -r wanted.txt
COPY streamer streamer
COPY recognizers recognizers
COPY LICENSE README.md scripts/sbom scripts/lean ./
COPY --from=python /var/lib/dpkg/status debian
RUN /opt/takt/bin/pip install -q --no-deps -c constraints.txt . \
    && /opt/takt/bin/pip uninstall -q -y pip setuptools \
    && ./lean /opt/takt \
    && /opt/takt/bin/python sbom debian >/opt/takt/sbom.cdx.json

FROM build AS build-cuda
ARG PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_CERT PIP_DEFAULT_TIMEOUT=60
# The registry's usual build brings CUDA with it.
RUN /opt/takt/bin/pip install -q "torch===$(sed -n 's/^torch==//p' constraints.txt)" \
    && /opt/takt/bin/pip install -q -c constraints.txt -r wanted.txt
COPY streamer streamer
COPY recognizers recognizers
COPY LICENSE README.md scripts/sbom scripts/lean ./
COPY --from=python /var/lib/dpkg/status debian
RUN /opt/takt/bin/pip install -q --no-deps -c constraints.txt . \
    && /opt/takt/bin/pip uninstall -q -y pip setuptools \
    && ./lean /opt/takt \
    && /opt/takt/bin/python sbom debian >/opt/takt/sbom.cdx.json

FROM python AS service
ENV PATH=/opt/takt/bin:$PATH HOME=/var/lib/takt \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONFAULTHANDLER=1 MALLOC_ARENA_MAX=2
WORKDIR /var/lib/takt
USER 10001:10001
STOPSIGNAL SIGTERM
# The configuration that is run unless told otherwise listens where this asks.
HEALTHCHECK --interval=10s --timeout=6s --retries=3 --start-period=5m \
    CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9464/livez', timeout=5)"]
ENTRYPOINT ["tini", "--", "takt"]
CMD ["run", "/etc/takt/takt.yaml"]

FROM service AS cuda
COPY --from=build-cuda /opt/takt /opt/takt
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility,video

FROM service AS cpu
COPY --from=build-cpu /opt/takt /opt/takt
