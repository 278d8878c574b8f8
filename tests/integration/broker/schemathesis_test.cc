// What the broker's OpenAPI document says against what the broker does: schemathesis sends a running job what the
// document allows and what it does not, and must find no difference.
#include <gtest/gtest.h>

#include "common/base/subprocess.h"
#include "tests/integration/broker/live_broker.h"

namespace eoa::broker {
namespace {

const std::string kHere = std::string(EOA_SOURCE_DIR) + "/tests/integration/broker";

TEST(Schemathesis, FindsNoDifferenceBetweenTheDocumentAndARunningJob) {
  // Nobody waits: what would is answered 429.
  BrokerServiceOptions options;
  options.max_polls = 0;
  LiveBroker broker(LiveBroker::TwoPopulations(), options);
  for (const std::string population : {"wolves", "whales"}) {
    for (const int pod : {0, 1}) broker.Post(population, "join", JoinBody(pod, "a", 0, 0));
    ASSERT_EQ(broker.Post(population, "report", ReportBody(1, 0, 0.5)).status, 200);
  }
  SubprocessOptions program;
  program.arguments = {kHere + "/schemathesis.sh", "--config-file", kHere + "/schemathesis.toml"};
  for (const char* argument :
       {"run", "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--header"}) {
    program.arguments.emplace_back(argument);
  }
  program.arguments.push_back("Authorization: Bearer " + std::string(LiveBroker::kToken));
  program.arguments.push_back(broker.url() + "/v1/openapi.json");
  auto schemathesis = Subprocess::Start(program);
  ASSERT_TRUE(schemathesis.ok()) << schemathesis.error().ToString();
  const Result<ExitStatus> end = schemathesis->Wait(std::chrono::minutes(9));
  ASSERT_TRUE(end.ok()) << end.error().ToString();
  EXPECT_TRUE(end->ok()) << end->ToString();
}

}  // namespace
}  // namespace eoa::broker
