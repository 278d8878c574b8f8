#include "trainer/comm/gather.h"

#include <ATen/ops/zeros.h>

namespace eoa::train {

Result<std::vector<std::string>> Gather(Comm& comm, const std::string& own) {
  const auto length = static_cast<std::int64_t>(own.size());
  // Each fills its own row; the others' are zero, so that the sum is all rows.
  at::Tensor rows = at::zeros({comm.size(), length}, at::kLong);
  auto* row = rows.mutable_data_ptr<std::int64_t>() + comm.rank() * length;
  for (const char letter : own) *row++ = static_cast<unsigned char>(letter);
  EOA_RETURN_IF_ERROR(comm.AllReduceSum(rows));
  std::vector<std::string> all(static_cast<std::size_t>(comm.size()), std::string(own.size(), '\0'));
  const auto* cell = rows.const_data_ptr<std::int64_t>();
  for (std::string& text : all) {
    for (char& letter : text) letter = static_cast<char>(*cell++);
  }
  return all;
}

}  // namespace eoa::train
