#include "trainer/comm/meeting.h"

#include <utility>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "common/base/log.h"
#include "trainer/comm/gather.h"
#include "trainer/comm/group.h"
#include "trainer/comm/local_address.h"
#include "trainer/comm/nccl_backend.h"
#include "trainer/comm/torch_error.h"
#include "trainer/device/device.h"

namespace eoa::train {
namespace {

const char* NameOf(api::Communication communication) {
  switch (communication) {
    case api::Communication::kNccl:
      return "NCCL";
    case api::Communication::kPeer:
      return "the GPU's memory";
    default:
      return "Gloo";
  }
}

class RealMeeting final : public Meeting {
 public:
  RealMeeting(c10::intrusive_ptr<c10d::Store> store, std::string address, MeetingOptions options)
      : store_(std::move(store)), address_(std::move(address)), options_(std::move(options)) {}

  Result<std::unique_ptr<Comm>> MakeGroup(const std::string& name, int rank, int size) override {
    const std::string prefix = "attempt-" + std::to_string(options_.attempt) + "/" + name;
    GroupBackends backends;
    EOA_RETURN_IF_ERROR(CatchTorchErrors("connecting group " + name, [&] {
      const auto store = c10::make_intrusive<c10d::PrefixStore>(prefix, store_);
      auto gloo = c10d::ProcessGroupGloo::Options::create(options_.timeout);
      gloo->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address_));
      backends.host = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, std::move(gloo));
      backends.device = backends.host;
      backends.group = c10::make_intrusive<c10d::ProcessGroup>(store, rank, size);
      backends.group->setBackend(c10::DeviceType::CPU, c10d::ProcessGroup::GLOO, backends.host);
      backends.group->setDefaultBackend(c10d::ProcessGroup::GLOO);
      backends.group->setGroupName(prefix);
    }));
    if (options_.device.is_cuda()) EOA_RETURN_IF_ERROR(ConnectDevices(name, prefix, backends));
    return MakeGroupComm(std::move(backends));
  }

 private:
  Status ConnectDevices(const std::string& name, const std::string& prefix, GroupBackends& backends) {
    const std::unique_ptr<Comm> comm = MakeGroupComm(backends);
    EOA_ASSIGN_OR_RETURN(const std::vector<std::string> devices, Gather(*comm, DeviceIdentity(options_.device)));
    EOA_ASSIGN_OR_RETURN(const ChosenCommunication chosen,
                         ChooseCommunication(options_.communication, devices, NcclSharesDevices()));
    Log(LogLevel::kInfo, "members talk", {{"group", name}, {"by", NameOf(chosen.by)}, {"reason", chosen.why}});
    auto type = c10d::ProcessGroup::GLOO;
    if (chosen.by == api::Communication::kNccl) {
      Status status = OkStatus();
      EOA_RETURN_IF_ERROR(CatchTorchErrors("connecting group " + name + " over NCCL", [&] {
        const auto store = c10::make_intrusive<c10d::PrefixStore>(prefix + "/nccl", store_);
        auto nccl = MakeNcclBackend(store, {prefix, comm->rank(), comm->size(), options_.timeout});
        status = nccl.ok() ? OkStatus() : Status(nccl.error());
        if (nccl.ok()) backends.device = *std::move(nccl);
      }));
      EOA_RETURN_IF_ERROR(status);
      type = c10d::ProcessGroup::NCCL;
    }
    backends.share_memory = chosen.by == api::Communication::kPeer;
    backends.group->setBackend(c10::DeviceType::CUDA, type, backends.device);
    return OkStatus();
  }

  c10::intrusive_ptr<c10d::Store> store_;
  std::string address_;
  MeetingOptions options_;
};

}  // namespace

Result<std::unique_ptr<Meeting>> Meeting::Join(const MeetingOptions& options) {
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
  return std::unique_ptr<Meeting>(std::make_unique<RealMeeting>(std::move(store), std::move(address), options));
}

}  // namespace eoa::train
