// Any bytes as a schedule.csv. What is accepted must be learning rates.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/check.h"
#include "common/evolve/rates.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto rates = eoa::evolve::ParseSchedule({reinterpret_cast<const char*>(data), size});
  if (!rates.ok()) {
    EOA_CHECK(!rates.error().message().empty(), "an error says why");
    return 0;
  }
  EOA_CHECK(!rates->empty(), "a schedule has rows");
  for (const double rate : *rates) EOA_CHECK(std::isfinite(rate) && rate >= 0, "a learning rate");
  return 0;
}
