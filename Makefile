# The everyday commands. `make run` and `make test` work on a fresh Debian 12 or Ubuntu 24.04; they install what is missing.
.DEFAULT_GOAL := help
.PHONY: help run test test-sanitizers chart-test fuzz bench format lint clean deps build images cluster-up cluster-down e2e cuda gpu-test gpu-bench science

JOBS ?= $(shell nproc)
SAMPLE ?= manifests/samples/quickstart.yaml
SCIENCE ?= short

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

deps: ## install what is missing: distribution packages, LibTorch (checked by hash)
	@cmake/deps/apt.sh
	@cmake/deps/libtorch.sh

build: deps ## build the programs users run into build/release/bin
	@cmake --preset release --log-level=WARNING > /dev/null
	@cmake --build --preset release --parallel $(JOBS) --target eoa eoa-trainer eoa-trainer-worker

run: build ## train the quickstart: two populations on real CIFAR-10 images (SAMPLE=FILE for another job)
	@build/release/bin/eoa run $(SAMPLE)

test: deps ## build everything and run all tests
	@cmake/deps/apt.sh --lint
	@cmake --preset dev --log-level=WARNING > /dev/null
	@cmake --build --preset dev --parallel $(JOBS)
	@ctest --preset dev --no-tests=error

test-sanitizers: deps ## run the tests under ASan+UBSan and under TSan
	@cmake --preset asan-ubsan --log-level=WARNING > /dev/null
	@cmake --build --preset asan-ubsan --parallel $(JOBS)
	@ctest --preset asan-ubsan --no-tests=error
	@cmake --preset tsan --log-level=WARNING > /dev/null
	@cmake --build --preset tsan --parallel $(JOBS)
	@ctest --preset tsan --no-tests=error

cuda: deps ## build the trainer for NVIDIA GPUs into build/cuda/bin; needs no GPU
	@cmake/deps/libtorch.sh --cuda
	@cmake --preset cuda --log-level=WARNING > /dev/null
	@cmake --build --preset cuda --parallel $(JOBS) --target eoa eoa-trainer eoa-trainer-worker bench_step gpu_test

gpu-test: cuda ## run the GPU tests on this machine's GPU; prints JSON
	@tests/gpu/run.sh build/cuda test

gpu-bench: cuda ## measure training steps and whole jobs on this machine's GPU beside PyTorch; prints JSON
	@tests/parity/python_env.sh --cuda tests/bench/gpu/gpu_bench.py build/cuda
	@tests/parity/python_env.sh --cuda tests/bench/gpu/gpu_jobs.py build/cuda

images: deps ## build the operator's and the trainer's image into build/images (PRESET=release)
	@tests/cluster/images.sh

cluster-up: deps ## run a Kubernetes node with EOA's images on this machine; kubectl then talks to it
	@tests/cluster/up.sh
	@tests/cluster/images.sh
	@tests/cluster/load.sh

cluster-down: ## remove that node without a trace
	@tests/cluster/down.sh

e2e: deps ## run the tests against a Kubernetes cluster (EOA_E2E_KUBECONFIG=FILE: your own)
	@cmake --preset dev --log-level=WARNING > /dev/null
	@cmake --build --preset dev --parallel $(JOBS) --target eoa eoa-trainer eoa-trainer-worker
	@ctest --preset dev --no-tests=error -L e2e

chart-test: deps ## install the manifests and the chart on an API server, upgrade and remove them
	@tests/cluster/programs.sh etcd kube-apiserver kubectl helm
	@tests/cluster/apiserver.sh run python3 tests/integration/install/install_test.py

fuzz: deps ## run every fuzz target for FUZZ_SECONDS (default 60)
	@cmake/deps/apt.sh --lint
	@cmake --preset fuzz --log-level=WARNING > /dev/null
	@cmake --build --preset fuzz --parallel $(JOBS) --target fuzzers
	@tests/fuzz/run.sh build/fuzz

bench: build ## measure speed side by side; prints JSON
	@cmake --build --preset release --parallel $(JOBS)
	@tests/bench/run.sh build/release

science: build ## train the controls and write their table into docs/science.md (SCIENCE=long: hours)
	@python3 tests/science/science.py build/release/bin/eoa docs/science.md build/science $(SCIENCE:%=tests/science/%.yaml)

format: ## format all C++ files
	@cmake/deps/apt.sh --lint
	@git ls-files '*.h' '*.cc' | xargs clang-format -i

lint: deps ## check format and run clang-tidy over what changed since BASE (default: everything)
	@cmake/deps/apt.sh --lint
	@tests/structure/lint.sh $(BASE)

clean: ## remove all builds (not the cache of dependencies)
	@rm -rf build
