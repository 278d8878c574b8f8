#include "trainer/comm/gloo_world.h"

#include <utility>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "trainer/comm/local_address.h"
#include "trainer/comm/overlapped_reducer.h"
#include "trainer/comm/torch_error.h"

namespace eoa::train {
namespace {

class GlooComm final : public Comm {
 public:
  GlooComm(c10::intrusive_ptr<c10d::ProcessGroup> group, c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo)
      : group_(std::move(group)), gloo_(std::move(gloo)) {}

  int rank() const override { return gloo_->getRank(); }
  int size() const override { return gloo_->getSize(); }

  Status AllReduceSum(at::Tensor& tensor) override {
    return CatchTorchErrors("all-reduce", [&] {
      std::vector<at::Tensor> tensors = {tensor};
      gloo_->allreduce(tensors)->wait();
    });
  }

  Status ReduceSum(at::Tensor& tensor, int root) override {
    return CatchTorchErrors("reduce", [&] {
      std::vector<at::Tensor> tensors = {tensor};
      c10d::ReduceOptions options;
      options.rootRank = root;
      gloo_->reduce(tensors, options)->wait();
    });
  }

  Status Broadcast(at::Tensor& tensor, int root) override {
    return CatchTorchErrors("broadcast", [&] {
      std::vector<at::Tensor> tensors = {tensor};
      c10d::BroadcastOptions options;
      options.rootRank = root;
      gloo_->broadcast(tensors, options)->wait();
    });
  }

  Result<std::unique_ptr<GradientReducer>> MakeReducer(std::vector<at::Tensor> parameters) override {
    return MakeOverlappedReducer(group_, std::move(parameters));
  }

 private:
  c10::intrusive_ptr<c10d::ProcessGroup> group_;     // what Reducer takes; dispatches to gloo_
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo_;  // called directly otherwise
};

class RealGlooWorld final : public GlooWorld {
 public:
  RealGlooWorld(c10::intrusive_ptr<c10d::Store> store, std::string address, GlooWorldOptions options)
      : store_(std::move(store)), address_(std::move(address)), options_(std::move(options)) {}

  Result<std::unique_ptr<Comm>> MakeGroup(const std::string& name, int rank, int size) override {
    std::unique_ptr<Comm> comm;
    EOA_RETURN_IF_ERROR(CatchTorchErrors("connecting group " + name, [&] {
      const std::string prefix = "attempt-" + std::to_string(options_.attempt) + "/" + name;
      const auto store = c10::make_intrusive<c10d::PrefixStore>(prefix, store_);
      auto gloo_options = c10d::ProcessGroupGloo::Options::create(options_.timeout);
      gloo_options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address_));
      const auto gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, std::move(gloo_options));
      const auto group = c10::make_intrusive<c10d::ProcessGroup>(store, rank, size);
      group->setBackend(c10::DeviceType::CPU, c10d::ProcessGroup::GLOO, gloo);
      group->setDefaultBackend(c10d::ProcessGroup::GLOO);
      group->setGroupName(prefix);
      comm = std::make_unique<GlooComm>(group, gloo);
    }));
    return comm;
  }

 private:
  c10::intrusive_ptr<c10d::Store> store_;
  std::string address_;
  GlooWorldOptions options_;
};

}  // namespace

Result<std::unique_ptr<GlooWorld>> GlooWorld::Join(const GlooWorldOptions& options) {
  EOA_ASSIGN_OR_RETURN(std::string address, LocalAddressTowards(options.store_host, options.store_port));
  c10::intrusive_ptr<c10d::Store> store;
  EOA_RETURN_IF_ERROR(CatchTorchErrors("meeting the world at its store", [&] {
    c10d::TCPStoreOptions store_options;
    store_options.port = static_cast<std::uint16_t>(options.store_port);
    store_options.isServer = options.rank == 0;
    store_options.numWorkers = static_cast<std::size_t>(options.size);
    store_options.timeout = options.timeout;
    if (options.rank == 0) store_options.masterListenFd = options.store_descriptor;
    store = c10::make_intrusive<c10d::TCPStore>(options.store_host, store_options);
  }));
  return std::unique_ptr<GlooWorld>(std::make_unique<RealGlooWorld>(std::move(store), std::move(address), options));
}

}  // namespace eoa::train
