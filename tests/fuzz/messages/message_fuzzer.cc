// Any text is read as each of the broker's messages. What is accepted must be written and read again without a change.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/base/json_guard.h"
#include "common/messages/messages.h"

namespace {

using nlohmann::json;

template <typename T>
void Check(const json& document) {
  const eoa::Result<T> message = eoa::api::FromJson<T>(document);
  if (!message.ok()) {
    EOA_CHECK(!message.error().message().empty(), "an error says why");
    return;
  }
  const std::string written = eoa::DumpJson(eoa::api::ToJson(*message));
  const eoa::Result<json> parsed = eoa::ParseJson(written);
  EOA_CHECK(parsed.ok(), written);
  const eoa::Result<T> again = eoa::api::FromJson<T>(*parsed);
  EOA_CHECK(again.ok(), written);
  EOA_CHECK(eoa::DumpJson(eoa::api::ToJson(*again)) == written, written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = eoa::ParseJson(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!document.ok()) return 0;
  using namespace eoa::api;  // NOLINT(google-build-using-namespace)
  Check<JoinRequest>(*document);
  Check<JoinAnswer>(*document);
  Check<HeartbeatRequest>(*document);
  Check<HeartbeatAnswer>(*document);
  Check<MemberReport>(*document);
  Check<ReportRequest>(*document);
  Check<ReportAnswer>(*document);
  Check<Elected>(*document);
  Check<Decision>(*document);
  Check<DecisionAnswer>(*document);
  Check<FinishRequest>(*document);
  return 0;
}
