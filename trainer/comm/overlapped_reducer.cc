#include "trainer/comm/overlapped_reducer.h"

#include <algorithm>
#include <utility>

#include <ATen/ops/zeros.h>
#include <ATen/record_function.h>
#include <torch/csrc/distributed/c10d/comm.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>

#include "common/base/clock.h"
#include "trainer/comm/torch_error.h"

namespace eoa::train {
namespace {

// Those of DistributedDataParallel: a small first bucket starts the sending early.
constexpr std::size_t kFirstBucketBytes = std::size_t{1} << 20;
constexpr std::size_t kBucketBytes = std::size_t{25} << 20;

// From the last parameter to the first, as backward makes their gradients.
std::vector<std::vector<std::size_t>> AssignBuckets(const std::vector<at::Tensor>& parameters) {
  auto [buckets, limits] = c10d::compute_bucket_assignment_by_size(parameters, {kFirstBucketBytes, kBucketBytes});
  std::reverse(buckets.begin(), buckets.end());
  return buckets;
}

// Sends a bucket as the Reducer would by itself, and notes when: at the last one, backward has nothing left to compute.
class TimedAllReduce final : public c10d::CppCommHookInterface<c10::intrusive_ptr<c10d::ProcessGroup>> {
 public:
  TimedAllReduce(const c10::intrusive_ptr<c10d::ProcessGroup>& group, SteadyTime& sent)
      : CppCommHookInterface(group), sent_(sent) {}

  c10::intrusive_ptr<c10::ivalue::Future> runHook(c10d::GradBucket& bucket) override {
    RECORD_USER_SCOPE("communication");
    sent_ = RealClock().SteadyNow();
    std::vector<at::Tensor> gradients = {bucket.getBufferRef()};
    gradients.front() /= state_->getSize();
    return state_->allreduce(gradients)->getFuture();
  }

 private:
  SteadyTime& sent_;
};

class OverlappedReducer final : public GradientReducer {
 public:
  OverlappedReducer(const c10::intrusive_ptr<c10d::ProcessGroup>& group, const std::vector<at::Tensor>& parameters)
      : reducer_(std::make_shared<c10d::Reducer>(
            parameters, AssignBuckets(parameters), group, std::vector<bool>(parameters.size(), false),
            static_cast<std::int64_t>(kBucketBytes), /*find_unused_parameters=*/false,
            /*gradient_as_bucket_view=*/true, std::unordered_map<std::size_t, std::string>{},
            static_cast<std::int64_t>(kFirstBucketBytes), /*skip_all_reduce_unused_params=*/false,
            /*use_python_reducer=*/false, std::vector<std::int64_t>{})) {
    reducer_->register_comm_hook(std::make_unique<TimedAllReduce>(group, sent_));
  }

  Status Backward(const at::Tensor& loss, bool average) override {
    RECORD_USER_SCOPE("backward");
    return CatchTorchErrors("backward", [&] {
      if (average) {
        reducer_->prepare_for_forward();
        reducer_->prepare_for_backward({});
      }
      sent_ = SteadyTime::max();
      loss.backward();
      waited_ += std::max(RealClock().SteadyNow() - sent_, Duration::zero());
    });
  }

  Duration waited() const override { return waited_; }

  // Reducer lays its buckets out anew after the first backward. How sums are rounded depends on the layout, so that a
  // run that resumes would differ from one that went on. Hence a first backward without a model, whose gradients are
  // zero and come in the order of AssignBuckets; the second moves the gradients into the final buckets.
  Status SettleBuckets(const std::vector<at::Tensor>& parameters) {
    for (int pass = 0; pass < 2; ++pass) {
      at::Tensor loss = at::zeros({});
      for (const at::Tensor& parameter : parameters) loss = loss + (parameter * 0).sum();
      EOA_RETURN_IF_ERROR(Backward(loss, true));
      EOA_RETURN_IF_ERROR(CatchTorchErrors("laying out gradient buckets", [&] { reducer_->rebuild_buckets(); }));
    }
    waited_ = Duration::zero();
    return OkStatus();
  }

 private:
  SteadyTime sent_{};  // the newest bucket; written by a thread of backward
  Duration waited_{};
  std::shared_ptr<c10d::Reducer> reducer_;
};

}  // namespace

Result<std::unique_ptr<GradientReducer>> MakeOverlappedReducer(c10::intrusive_ptr<c10d::ProcessGroup> group,
                                                               std::vector<at::Tensor> parameters) {
  std::unique_ptr<OverlappedReducer> reducer;
  EOA_RETURN_IF_ERROR(CatchTorchErrors("making the gradient reducer",
                                       [&] { reducer = std::make_unique<OverlappedReducer>(group, parameters); }));
  EOA_RETURN_IF_ERROR(reducer->SettleBuckets(parameters));
  return std::unique_ptr<GradientReducer>(std::move(reducer));
}

}  // namespace eoa::train
