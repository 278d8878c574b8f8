#include "trainer/device/recorded_work.h"

#include <utility>

#include <ATen/cuda/CUDAGeneratorImpl.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAStream.h>

namespace eoa::train {
namespace {

// cuDNN's and cuBLAS's workspaces and choices are made in the first, gradients in the second.
constexpr int kPlainRuns = 3;

at::cuda::MempoolId_t SharedPool() {
  static const at::cuda::MempoolId_t pool = at::cuda::graph_pool_handle();
  return pool;
}

class Recorded final : public RecordedWork {
 public:
  Recorded(c10::Device device, bool record, std::function<void()> work)
      : device_(device), record_(record && device.is_cuda()), work_(std::move(work)) {}

  void Run() override {
    if (!record_ || runs_ < kPlainRuns) {
      ++runs_;
      return work_();
    }
    if (!graph_) Record();
    graph_->replay();
  }

 private:
  void Record() {
    // What the plain runs kept would otherwise be taken a second time.
    c10::cuda::CUDACachingAllocator::emptyCache();
    auto graph = std::make_unique<at::cuda::CUDAGraph>();
    graph->register_generator_state(at::cuda::detail::getDefaultCUDAGenerator(device_.index()));
    // Loaders and the channel to the agent go on beside it.
    graph->capture_begin(SharedPool(), cudaStreamCaptureModeThreadLocal);
    try {
      work_();
    } catch (...) {
      // Ends the capture too; its own error would hide the first.
      try {
        graph->capture_end();
      } catch (...) {
      }
      throw;
    }
    graph->capture_end();
    graph_ = std::move(graph);
  }

  c10::Device device_;
  bool record_;
  std::function<void()> work_;
  int runs_ = 0;
  std::unique_ptr<at::cuda::CUDAGraph> graph_;
};

}  // namespace

std::unique_ptr<RecordedWork> RecordedWork::Make(c10::Device device, bool record, std::function<void()> work) {
  return std::make_unique<Recorded>(device, record, std::move(work));
}

}  // namespace eoa::train
