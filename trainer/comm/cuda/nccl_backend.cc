#include "trainer/comm/nccl_backend.h"

#include <cstdlib>
#include <string_view>

#include <nccl.h>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "common/base/file_system.h"
#include "common/base/log.h"

namespace eoa::train {
namespace {

std::string Text(int version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

// Options of process groups have the layout of the header that they were compiled with; later versions of NCCL know
// older layouts, but not the other way round.
Status CheckVersion() {
  int version = 0;
  if (ncclGetVersion(&version) != ncclSuccess) {
    return Error(ErrorCode::kFailedPrecondition, "NCCL does not tell its version");
  }
  Log(LogLevel::kInfo, "NCCL is loaded", {{"version", Text(version)}, {"compiledFor", Text(NCCL_VERSION_CODE)}});
  if (version >= NCCL_VERSION_CODE) return OkStatus();
  return Error(ErrorCode::kFailedPrecondition, "NCCL " + Text(version) + " is loaded, but this program needs " +
                                                   Text(NCCL_VERSION_CODE) +
                                                   " or newer; is there an older libnccl.so.2 in LD_LIBRARY_PATH?");
}

}  // namespace

Status ConfigureNccl(const std::string& directory) {
  EOA_RETURN_IF_ERROR(CheckVersion());
  constexpr int kKeepWhatIsSet = 0;
  const auto set = [&](const char* name, const std::string& value) { ::setenv(name, value.c_str(), kKeepWhatIsSet); };
  set("TORCH_NCCL_ASYNC_ERROR_HANDLING", "3");  // end the process without waiting for the communicator
  set("TORCH_NCCL_ENABLE_MONITORING", "1");
  set("TORCH_NCCL_HEARTBEAT_TIMEOUT_SEC", "60");
  set("TORCH_NCCL_DUMP_ON_TIMEOUT", "1");
  set("TORCH_NCCL_TRACE_BUFFER_SIZE", "2000");
  set("TORCH_NCCL_WAIT_TIMEOUT_DUMP_MILSEC", "5000");
  set("TORCH_NCCL_DEBUG_INFO_TEMP_FILE", JoinPath(directory, "nccl-trace-"));
  return OkStatus();
}

Result<c10::intrusive_ptr<c10d::Backend>> MakeNcclBackend(const c10::intrusive_ptr<c10d::Store>& store,
                                                          const NcclOptions& options) {
  auto nccl = c10d::ProcessGroupNCCL::Options::create(/*is_high_priority_stream=*/true);
  nccl->timeout = options.timeout;
  nccl->group_name = options.group;
  for (int rank = 0; rank < options.size; ++rank) {
    nccl->global_ranks_in_group.push_back(static_cast<std::uint64_t>(rank));
  }
  return c10::intrusive_ptr<c10d::Backend>(
      c10::make_intrusive<c10d::ProcessGroupNCCL>(store, options.rank, options.size, std::move(nccl)));
}

bool NcclSharesDevices() {
  constexpr int kFirstVersion = 23000;
  int version = 0;
  const char* set = std::getenv("NCCL_MULTI_RANK_GPU_ENABLE");
  return set != nullptr && std::string_view(set) == "1" && ncclGetVersion(&version) == ncclSuccess &&
         version >= kFirstVersion;
}

}  // namespace eoa::train
