#include "trainer/comm/group.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/zeros.h>

#include "trainer/comm/gather.h"
#include "trainer/comm/overlapped_reducer.h"
#include "trainer/comm/torch_error.h"

namespace eoa::train {
namespace {

class GroupComm final : public Comm {
 public:
  explicit GroupComm(GroupBackends backends) : by_(std::move(backends)) {}

  int rank() const override { return by_.host->getRank(); }
  int size() const override { return by_.host->getSize(); }

  Status AllReduceSum(at::Tensor& tensor) override {
    if (Shares(tensor)) {
      return Round(tensor, tensor, [&] { peers_->TakeSum(tensor); });
    }
    return CatchTorchErrors("all-reduce", [&] {
      std::vector<at::Tensor> tensors = {tensor};
      BackendOf(tensor).allreduce(tensors)->wait();
    });
  }

  Status ReduceSum(at::Tensor& tensor, int root) override {
    if (Shares(tensor)) {
      return Round(tensor, tensor, [&] {
        if (rank() == root) peers_->TakeSum(tensor);
      });
    }
    return CatchTorchErrors("reduce", [&] {
      std::vector<at::Tensor> tensors = {tensor};
      c10d::ReduceOptions options;
      options.rootRank = root;
      BackendOf(tensor).reduce(tensors, options)->wait();
    });
  }

  Status Broadcast(at::Tensor& tensor, int root) override {
    if (Shares(tensor)) {
      return Round(rank() == root ? tensor : at::Tensor(), tensor, [&] {
        if (rank() != root) peers_->TakeFrom(root, tensor);
      });
    }
    return CatchTorchErrors("broadcast", [&] {
      std::vector<at::Tensor> tensors = {tensor};
      c10d::BroadcastOptions options;
      options.rootRank = root;
      BackendOf(tensor).broadcast(tensors, options)->wait();
    });
  }

  Result<std::unique_ptr<GradientReducer>> MakeReducer(std::vector<at::Tensor> parameters) override {
    return MakeOverlappedReducer(by_.group, std::move(parameters));
  }

 private:
  c10d::Backend& BackendOf(const at::Tensor& tensor) const { return tensor.is_cuda() ? *by_.device : *by_.host; }
  bool Shares(const at::Tensor& tensor) const { return by_.share_memory && tensor.is_cuda(); }

  template <typename F>
  Status Round(const at::Tensor& given, const at::Tensor& shape, const F& take) {
    if (!peers_ || peers_->bytes() < static_cast<std::int64_t>(shape.nbytes())) {
      const auto gather = [this](const std::string& own) { return Gather(*this, own); };
      auto peers = PeerMemory::Make(rank(), static_cast<std::int64_t>(shape.nbytes()), gather);
      if (!peers.ok()) return std::move(peers).error().WithContext("sharing the GPU's memory");
      // Peers may still read from the old one.
      if (peers_) outgrown_.push_back(std::move(peers_));
      peers_ = *std::move(peers);
    }
    return CatchTorchErrors("summing on the GPU", [&] {
      peers_->Give(given);
      by_.host->barrier()->wait();
      peers_->AwaitPeers();
      take();
    });
  }

  GroupBackends by_;
  std::unique_ptr<PeerMemory> peers_;
  std::vector<std::unique_ptr<PeerMemory>> outgrown_;
};

}  // namespace

std::unique_ptr<Comm> MakeGroupComm(GroupBackends backends) { return std::make_unique<GroupComm>(std::move(backends)); }

}  // namespace eoa::train
