#include "trainer/comm/nccl_backend.h"

namespace eoa::train {

Status ConfigureNccl(const std::string& /*directory*/) { return OkStatus(); }

Result<c10::intrusive_ptr<c10d::Backend>> MakeNcclBackend(const c10::intrusive_ptr<c10d::Store>& /*store*/,
                                                          const NcclOptions& /*options*/) {
  return Error(ErrorCode::kUnimplemented, "this program was built without NCCL");
}

bool NcclSharesDevices() { return false; }

}  // namespace eoa::train
