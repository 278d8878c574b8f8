#include <gtest/gtest.h>

#include <string>

#include "operator/cluster/event_recorder.h"
#include "tests/fakes/fake_clock.h"

namespace eoa::cluster {
namespace {

const ObjectReference kJob{{"ns", "job"}, "uid-1", "12"};

TEST(EventFilterTest, TheSameEventAgainRaisesItsCount) {
  FakeClock clock;
  EventFilter filter;
  const EventText stalled{"Warning", "Stalled", "wolves: no step for 600 s"};
  const EventFilter::Decision first = filter.Decide(kJob, stalled, clock.Now());
  clock.Advance(std::chrono::minutes(10));
  const EventFilter::Decision second = filter.Decide(kJob, stalled, clock.Now());
  EXPECT_TRUE(first.write && second.write);
  EXPECT_EQ(first.name, second.name);
  EXPECT_EQ(second.count, 2);
  EXPECT_EQ(second.first, first.first);
}

TEST(EventFilterTest, AnotherReasonMessageOrJobIsAnotherEvent) {
  FakeClock clock;
  EventFilter filter;
  const std::string name = filter.Decide(kJob, {"Normal", "Running", "all"}, clock.Now()).name;
  EXPECT_NE(filter.Decide(kJob, {"Normal", "Running", "some"}, clock.Now()).name, name);
  EXPECT_NE(filter.Decide(kJob, {"Normal", "Resumed", "all"}, clock.Now()).name, name);
  EXPECT_NE(filter.Decide({{"ns", "job"}, "uid-2", ""}, {"Normal", "Running", "all"}, clock.Now()).name, name)
      << "a job that was deleted and made again has a story of its own";
}

TEST(EventFilterTest, OneJobCannotFloodTheListAndOthersDoNotSuffer) {
  FakeClock clock;
  EventFilter filter;
  int written = 0;
  for (int i = 0; i < 100; ++i) written += filter.Decide(kJob, {"Normal", "R", std::to_string(i)}, clock.Now()).write;
  EXPECT_EQ(written, EventFilter::kBurst);
  EXPECT_TRUE(filter.Decide({{"ns", "other"}, "uid-2", ""}, {"Normal", "R", "0"}, clock.Now()).write);
  clock.Advance(EventFilter::kRefill);
  EXPECT_TRUE(filter.Decide(kJob, {"Normal", "R", "later"}, clock.Now()).write);
}

TEST(EventFilterTest, ManyDifferentEventsAreForgottenInTime) {
  FakeClock clock;
  EventFilter filter;
  const EventText old{"Normal", "R", "the first"};
  filter.Decide(kJob, old, clock.Now());
  for (std::size_t i = 0; i < EventFilter::kRemembered; ++i) {
    filter.Decide(kJob, {"Normal", "R", std::to_string(i)}, clock.Now());
  }
  EXPECT_EQ(filter.Decide(kJob, old, clock.Now()).count, 1);
}

TEST(MakeEventTest, ALongMessageIsCutBetweenCharacters) {
  FakeClock clock;
  std::string message(1020, 'a');
  message += "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9";
  const nlohmann::json event =
      MakeEvent(kJob, {"Warning", "R", message}, {true, 1, "job.1", clock.Now()}, "me", clock.Now());
  const std::string cut = event.at("message");
  EXPECT_LE(cut.size(), 1024U);
  EXPECT_EQ(cut.substr(cut.size() - 3), "...");
  EXPECT_NO_THROW(event.dump());
}

TEST(MakeEventTest, TheEventNamesItsJobAndWhoTells) {
  FakeClock clock;
  const nlohmann::json event =
      MakeEvent(kJob, {"Normal", "Running", "all"}, {true, 3, "job.1", clock.Now()}, "eoa-operator-0", clock.Now());
  EXPECT_EQ(event.at("metadata").at("namespace"), "ns");
  EXPECT_EQ(event.at("involvedObject").at("kind"), "EOAJob");
  EXPECT_EQ(event.at("involvedObject").at("uid"), "uid-1");
  EXPECT_EQ(event.at("count"), 3);
  EXPECT_EQ(event.at("source").at("component"), "eoa-operator");
  EXPECT_EQ(event.at("reportingInstance"), "eoa-operator-0");
}

}  // namespace
}  // namespace eoa::cluster
