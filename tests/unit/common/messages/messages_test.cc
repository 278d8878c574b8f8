// The broker's messages: what is written is read back, and nothing else than what is allowed is read.
#include "common/messages/messages.h"

#include <functional>
#include <limits>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/json_guard.h"

namespace eoa::api {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// A message as JSON with a value in every field, and how it is read and written again.
struct Sample {
  std::string name;
  std::string text;
  std::set<std::string> optional;  // may be missing or null
  std::function<Result<json>(const json&)> read_and_write;
};

template <typename T>
Sample Make(std::string name, std::string text, std::set<std::string> optional = {}) {
  return {std::move(name), std::move(text), std::move(optional), [](const json& document) -> Result<json> {
            EOA_ASSIGN_OR_RETURN(const T value, FromJson<T>(document));
            return ToJson(value);
          }};
}

constexpr const char* kElected =
    R"({"population": "wolves", "member": 2, "learningRate": 0.213, "fitness": 0.9412, "generation": 57})";

std::string DecisionText() {
  return R"({"generation": 57, "elected": )" + std::string(kElected) +
         R"(, "baseline": 0.1, "improved": true, "closedBy": "Quorum", "missing": ["whales"],
            "weights": [{"population": "wolves", "address": "10.0.0.1", "port": 4000, "generation": 57, "members": 4}]})";
}

std::vector<Sample> Samples() {
  const std::string member =
      R"({"member": 0, "learningRate": 0.1, "fitness": 0.5, "trainLoss": 1.25, "fitnessLoss": 1.5})";
  return {
      Make<JoinRequest>(
          "JoinRequest",
          R"({"pod": 1, "incarnation": "c0ffee", "afterAttempt": 2, "address": "10.0.0.1", "storePort": 4000, "weightsPort": 4001,
                            "weightsToken": "5ec2e7",
                            "checkpoints": [1, 2, 5], "waitSeconds": 30, "lastError": "lost rank 3"})",
          {"weightsToken", "lastError"}),
      Make<JoinAnswer>(
          "JoinAnswer",
          R"({"ready": true, "waitingFor": "wolves pod 2", "attempt": 3, "masterAddress": "10.0.0.1", "masterPort": 4000,
                           "worldSize": 8, "firstRank": 4, "resumeGeneration": 12})"),
      Make<HeartbeatRequest>(
          "HeartbeatRequest",
          R"({"pod": 1, "incarnation": "c0ffee", "attempt": 2, "generation": 7, "step": 9007199254740992, "steps": 20,
                                 "imagesPerSecond": 1234.5, "trainLoss": 0.25, "phase": "Training", "offlineGenerations": 1,
                                 "weightsToken": "5ec2e7"})",
          {"offlineGenerations", "weightsToken"}),
      Make<HeartbeatAnswer>("HeartbeatAnswer",
                            R"({"command": "Rejoin", "reason": "attempt 3 has begun", "attempt": 3})"),
      Make<MemberReport>("MemberReport", member, {"fitnessLoss"}),
      Make<ReportRequest>("ReportRequest", R"({"attempt": 1, "generation": 0, "members": [)" + member +
                                               R"(], "imagesPerSecond": 100.5})"),
      Make<ReportAnswer>("ReportAnswer", R"({"late": true})"),
      Make<Elected>("Elected", kElected),
      Make<Decision>("Decision", DecisionText()),
      Make<DecisionAnswer>("DecisionAnswer", R"({"decision": )" + DecisionText() + "}"),
      Make<FinishRequest>(
          "FinishRequest",
          R"({"attempt": 2, "succeeded": false, "error": "diverged", "testAccuracy": 0.93, "testLoss": 0.4, "testImages": 10000,
                              "model": "/checkpoints/model.safetensors"})",
          {"error", "testAccuracy", "testLoss", "testImages", "model"}),
  };
}

void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.text; }

class Messages : public testing::TestWithParam<Sample> {
 protected:
  static json Document() { return *ParseJson(GetParam().text); }
};

TEST_P(Messages, AreWrittenAsTheyWereRead) {
  const Result<json> again = GetParam().read_and_write(Document());
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(DumpJson(*again), DumpJson(Document()));
}

TEST_P(Messages, MayHoldFieldsOfALaterRelease) {
  json document = Document();
  document["somethingNew"] = {{"deep", 1}};
  EXPECT_TRUE(GetParam().read_and_write(document).ok());
}

TEST_P(Messages, NameTheFieldThatIsMissing) {
  const json whole = Document();
  for (const auto& [field, value] : whole.items()) {
    json document = Document();
    document.erase(field);
    const Result<json> read = GetParam().read_and_write(document);
    EXPECT_EQ(read.ok(), GetParam().optional.contains(field)) << field;
    if (!read.ok()) {
      EXPECT_THAT(read.error().message(), HasSubstr(field));
    }
  }
}

TEST_P(Messages, NameTheFieldOfAWrongType) {
  const json whole = Document();
  for (const auto& [field, value] : whole.items()) {
    if (field == "title") continue;  // written for people, never read
    for (const json& wrong :
         {json(value.is_string() ? json(1) : json("text")), json(value.is_object() ? json::array() : json::object())}) {
      json document = Document();
      document[field] = wrong;
      const Result<json> read = GetParam().read_and_write(document);
      ASSERT_FALSE(read.ok()) << field << " " << wrong;
      EXPECT_EQ(read.error().code(), ErrorCode::kInvalidArgument);
      EXPECT_THAT(read.error().message(), HasSubstr(field));
    }
  }
}

TEST_P(Messages, NameTheNumberThatIsNotFiniteOrNegative) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const json whole = Document();
  for (const auto& [field, value] : whole.items()) {
    if (!value.is_number()) continue;
    for (const double wrong : {kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN()}) {
      json document = Document();
      document[field] = wrong;
      const Result<json> read = GetParam().read_and_write(document);
      ASSERT_FALSE(read.ok()) << field;
      EXPECT_THAT(read.error().message(), HasSubstr(field));
    }
    if (field == "trainLoss" || field == "testLoss") continue;
    json document = Document();
    document[field] = -1;
    EXPECT_FALSE(GetParam().read_and_write(document).ok()) << field;
  }
}

TEST_P(Messages, AreObjects) {
  for (const json& wrong : {json(), json::array(), json("text"), json(1)})
    EXPECT_FALSE(GetParam().read_and_write(wrong).ok());
}

INSTANTIATE_TEST_SUITE_P(All, Messages, testing::ValuesIn(Samples()),
                         [](const auto& sample) { return sample.param.name; });

template <typename T>
std::string ErrorOf(const json& document) {
  const Result<T> read = FromJson<T>(document);
  EXPECT_FALSE(read.ok());
  return read.ok() ? "" : read.error().message();
}

json Report(std::vector<json> members) {
  return {{"attempt", 1}, {"generation", 0}, {"members", std::move(members)}, {"imagesPerSecond", 1}};
}

json Member(int member) {
  return {{"member", member}, {"learningRate", 0.1}, {"fitness", 0.5}, {"trainLoss", 1}, {"fitnessLoss", nullptr}};
}

TEST(ReportRequest, ListsMembers) {
  EXPECT_TRUE(FromJson<ReportRequest>(Report({Member(0), Member(1)})).ok());
  EXPECT_EQ(ErrorOf<ReportRequest>(Report({})), "report.members must not be empty");
}

TEST(ReportRequest, NamesTheMemberThatIsWrong) {
  json wrong = Report({Member(0), Member(1)});
  wrong["members"][1]["fitness"] = 1.5;
  EXPECT_THAT(ErrorOf<ReportRequest>(wrong), HasSubstr("members[1].fitness"));
}

TEST(ReportRequest, OfMoreMembersThanAnyJobHasIsRefused) {
  std::vector<json> members;
  for (int i = 0; i < 4097; ++i) members.push_back(Member(i));
  EXPECT_THAT(ErrorOf<ReportRequest>(Report(std::move(members))), HasSubstr("members"));
}

TEST(JoinRequest, HasAnIncarnation) {
  JoinRequest request;
  request.incarnation = "x";
  json document = ToJson(request);
  EXPECT_TRUE(FromJson<JoinRequest>(document).ok());
  document["incarnation"] = "";
  EXPECT_THAT(ErrorOf<JoinRequest>(document), HasSubstr("incarnation"));
  document["incarnation"] = std::string(1000, 'x');
  EXPECT_THAT(ErrorOf<JoinRequest>(document), HasSubstr("incarnation"));
}

TEST(Heartbeat, OfANewerAgentMayTellAPhaseThatThisVersionDoesNotKnow) {
  HeartbeatRequest request;
  request.incarnation = "x";
  json document = ToJson(request);
  for (const TrainerPhase phase : kValues<TrainerPhase>) {
    document["phase"] = ToWord(phase);
    EXPECT_EQ(FromJson<HeartbeatRequest>(document).value().phase, phase);
  }
  document["phase"] = "Dreaming";
  EXPECT_EQ(FromJson<HeartbeatRequest>(document).value().phase, std::nullopt);
  document["phase"] = 7;
  EXPECT_THAT(ErrorOf<HeartbeatRequest>(document), HasSubstr("heartbeat.phase"));
}

TEST(Decision, OfANewerBrokerIsTakenWhateverClosedTheRound) {
  json document = *ParseJson(DecisionText());
  for (const ClosedBy closing : kValues<ClosedBy>) {
    document["closedBy"] = ToWord(closing);
    EXPECT_EQ(FromJson<Decision>(document).value().closed_by, closing);
  }
  document["closedBy"] = "Moonlight";
  EXPECT_TRUE(FromJson<Decision>(document).ok());
}

TEST(HeartbeatAnswer, WithACommandThatNobodyCanFollowIsRefusedWithWhatIsAllowed) {
  json document = ToJson(HeartbeatAnswer{});
  document["command"] = "Explode";
  EXPECT_EQ(ErrorOf<HeartbeatAnswer>(document),
            "heartbeatAnswer.command must be Continue, Rejoin or Stop, not 'Explode'");
}

TEST(DecisionAnswer, WithoutADecisionIsOpen) {
  const Result<DecisionAnswer> open = FromJson<DecisionAnswer>(ToJson(DecisionAnswer{}));
  ASSERT_TRUE(open.ok());
  EXPECT_FALSE(open->decision.has_value());
}

}  // namespace
}  // namespace eoa::api
