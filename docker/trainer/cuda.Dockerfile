# The trainer for NVIDIA GPUs: agent, worker, LibTorch with CUDA, cuDNN and NCCL. The driver comes from the node.
# From the repository's root: docker build -f docker/trainer/cuda.Dockerfile -t eoa-trainer:0.1.0-cuda .
ARG BASE=debian:12-slim

FROM ${BASE} AS build
WORKDIR /src
COPY cmake/deps cmake/deps
RUN cmake/deps/apt.sh
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY common common
COPY docker docker
COPY trainer trainer
ARG PRESET=cuda
ARG CCACHE_DIR=/var/cache/eoa/ccache
ARG EOA_CACHE_DIR=/var/cache/eoa/libtorch
# LibTorch opens some of CUDA's libraries by name while it runs, so all of them come along, not only those it is linked with.
RUN --mount=type=cache,target=/var/cache/eoa \
    export CCACHE_DIR EOA_CACHE_DIR && \
    cmake/deps/libtorch.sh --cuda && \
    cmake --preset ${PRESET} --log-level=WARNING -DEOA_BUILD_OPERATOR=OFF -DEOA_BUILD_TESTS=OFF && \
    cmake --build --preset ${PRESET} --target eoa-trainer eoa-trainer-worker && \
    cmake --install build/${PRESET} --component trainer --prefix /out/usr --strip && \
    libtorch=$(cmake/deps/libtorch.sh --cuda --print-dir) && \
    docker/collect.sh /out ${libtorch} && \
    (cd ${libtorch} && find torch/lib nvidia -name '*.so*' -exec cp --parents --no-clobber --target-directory=/out/usr/lib/eoa {} +)

FROM ${BASE}
# A copy, so that another list makes another layer.
COPY --from=build /out/packages /usr/share/eoa/packages
RUN apt-get update -q && \
    xargs --arg-file=/usr/share/eoa/packages apt-get install -q -y --no-install-recommends && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
COPY LICENSE NOTICE /usr/share/doc/eoa/
COPY --from=build /out/usr /usr
COPY manifests/samples/data/cifar10-subset /usr/share/eoa/data/cifar10-subset
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 65532:65532
EXPOSE 9400
ENTRYPOINT ["/usr/bin/eoa-trainer"]
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="eoa-trainer" \
      org.opencontainers.image.description="Trains the members of one population of an EOAJob on NVIDIA GPUs" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
