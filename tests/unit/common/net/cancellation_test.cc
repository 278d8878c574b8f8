#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "common/net/http_client.h"

namespace eoa::net {
namespace {

TEST(CancellationTest, RunsEachCallbackOnce) {
  Cancellation cancellation;
  int calls = 0;
  const auto handle = cancellation.OnCancel([&] { ++calls; });
  EXPECT_FALSE(cancellation.cancelled());
  cancellation.Cancel();
  cancellation.Cancel();
  EXPECT_TRUE(cancellation.cancelled());
  EXPECT_EQ(calls, 1);
}

TEST(CancellationTest, RunsACallbackAtOnceWhenItWasCancelledBefore) {
  Cancellation cancellation;
  cancellation.Cancel();
  int calls = 0;
  const auto handle = cancellation.OnCancel([&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(CancellationTest, ForgetsACallbackWhoseHandleIsGone) {
  Cancellation cancellation;
  int calls = 0;
  cancellation.OnCancel([&] { ++calls; }).reset();
  cancellation.Cancel();
  EXPECT_EQ(calls, 0);
}

TEST(CancellationTest, LetsACallbackRegisterAnother) {
  Cancellation cancellation;
  int calls = 0;
  std::shared_ptr<void> inner;
  const auto outer = cancellation.OnCancel([&] { inner = cancellation.OnCancel([&] { ++calls; }); });
  cancellation.Cancel();
  EXPECT_EQ(calls, 1);
}

TEST(CancellationTest, IsUsedFromManyThreads) {
  Cancellation cancellation;
  const auto calls = std::make_shared<std::atomic<int>>(0);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1000; ++i) {
        const auto handle = cancellation.OnCancel([calls] { ++*calls; });
        if (t == 3 && i == 500) cancellation.Cancel();
      }
    });
  }
  threads.clear();
  EXPECT_TRUE(cancellation.cancelled());
  EXPECT_GT(*calls, 0);
}

}  // namespace
}  // namespace eoa::net
