// Any text is read as a job. Besides memory errors it finds jobs that do not survive being printed and read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/base/json_guard.h"
#include "common/job/read_job.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const eoa::api::JobOutcome outcome = eoa::api::ReadJob(text);
  EOA_CHECK(outcome.job.has_value() == outcome.mistakes.empty(), "a job or mistakes, never both");
  for (const eoa::api::Mistake& mistake : outcome.mistakes) {
    const std::string line = eoa::api::ToString(mistake, "job.yaml");
    EOA_CHECK(line.find('\n') == std::string::npos && line.find('\x1b') == std::string::npos, line);
  }
  if (!outcome.job) return 0;
  const std::string printed = eoa::DumpJson(eoa::api::JobToJson(*outcome.job));
  const eoa::Result<eoa::api::Job> from_yaml = eoa::api::JobFromText(eoa::api::JobToYaml(*outcome.job), "");
  EOA_CHECK(from_yaml.ok(), from_yaml.ok() ? "" : from_yaml.error().message());
  EOA_CHECK(eoa::DumpJson(eoa::api::JobToJson(*from_yaml)) == printed, printed);
  const eoa::Result<eoa::api::Job> from_json = eoa::api::JobFromText(printed, "");
  EOA_CHECK(from_json.ok(), from_json.ok() ? "" : from_json.error().message());
  EOA_CHECK(eoa::DumpJson(eoa::api::JobToJson(*from_json)) == printed, printed);
  return 0;
}
