// The real collectives, over the loopback, with a thread in place of each process.
#include "trainer/comm/meeting.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <latch>
#include <thread>

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "trainer/comm/gather.h"
#include "trainer/comm/local_address.h"

namespace eoa::train {
namespace {

// Options for each rank of a world that meets at a fresh port; rank 0 has the listening socket.
std::vector<MeetingOptions> NewWorld(int size, std::chrono::seconds timeout = std::chrono::seconds(30)) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(::listen(fd, 16), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
  std::vector<MeetingOptions> world;
  for (int rank = 0; rank < size; ++rank) {
    world.push_back({.store_host = "127.0.0.1",
                     .store_port = ntohs(address.sin_port),
                     .store_descriptor = rank == 0 ? fd : -1,
                     .rank = rank,
                     .size = size,
                     .attempt = 1,
                     .timeout = timeout});
  }
  return world;
}

void OnEachRank(const std::vector<MeetingOptions>& world, const std::function<void(Meeting&, int rank)>& member) {
  std::vector<std::jthread> threads;
  for (const MeetingOptions& options : world) {
    threads.emplace_back([&member, options] {
      const Result<std::unique_ptr<Meeting>> joined = Meeting::Join(options);
      ASSERT_TRUE(joined.ok()) << joined.error().ToString();
      member(**joined, options.rank);
    });
  }
}

TEST(Meeting, SumsAndCopiesOverAGroup) {
  OnEachRank(NewWorld(3), [](Meeting& world, int rank) {
    const auto comm = world.MakeGroup("all", rank, 3).value();
    at::Tensor tensor = at::full({5}, rank + 1, at::kFloat);
    EXPECT_TRUE(comm->AllReduceSum(tensor).ok());
    EXPECT_TRUE(at::equal(tensor, at::full({5}, 6, at::kFloat)));
    tensor.fill_(rank + 1);
    EXPECT_TRUE(comm->ReduceSum(tensor, 1).ok());
    EXPECT_TRUE(rank != 1 || at::equal(tensor, at::full({5}, 6, at::kFloat)));
    tensor.fill_(rank);
    EXPECT_TRUE(comm->Broadcast(tensor, 2).ok());
    EXPECT_TRUE(at::equal(tensor, at::full({5}, 2, at::kFloat)));
  });
}

TEST(Meeting, GathersTextsOfAnyBytes) {
  OnEachRank(NewWorld(3), [](Meeting& world, int rank) {
    const auto comm = world.MakeGroup("all", rank, 3).value();
    const auto texts = Gather(*comm, std::string{'a', static_cast<char>(rank), '\xff'});
    ASSERT_TRUE(texts.ok());
    for (char other = 0; other < 3; ++other) {
      EXPECT_EQ((*texts)[static_cast<std::size_t>(other)], (std::string{'a', other, '\xff'}));
    }
  });
}

TEST(Meeting, GroupsOfOneWorldDoNotMixWithEachOther) {
  OnEachRank(NewWorld(4), [](Meeting& world, int rank) {
    const int group = rank / 2;
    const auto comm = world.MakeGroup("group-" + std::to_string(group), rank % 2, 2).value();
    at::Tensor tensor = at::full({}, rank, at::kFloat);
    EXPECT_TRUE(comm->AllReduceSum(tensor).ok());
    EXPECT_EQ(tensor.item<float>(), group == 0 ? 1 : 5);
  });
}

TEST(Meeting, BackwardAveragesGradientsOnlyWhenAsked) {
  OnEachRank(NewWorld(2), [](Meeting& world, int rank) {
    const auto comm = world.MakeGroup("all", rank, 2).value();
    at::Tensor parameter = at::zeros({4}).requires_grad_();
    const auto reducer = comm->MakeReducer({parameter}).value();
    EXPECT_TRUE(at::equal(parameter.grad(), at::zeros({4})));
    const auto loss = [&] { return parameter.sum().mul(rank + 1); };
    EXPECT_TRUE(reducer->Backward(loss(), false).ok());
    EXPECT_EQ(parameter.grad()[0].item<float>(), static_cast<float>(rank + 1));
    // Accumulated gradients: 2 (rank + 1) on each, in the mean 3.
    EXPECT_TRUE(reducer->Backward(loss(), true).ok());
    EXPECT_EQ(parameter.grad()[0].item<float>(), 3);
  });
}

TEST(Meeting, CountsTheTimeThatBackwardWaitsForAMemberThatComesLate) {
  OnEachRank(NewWorld(2), [](Meeting& world, int rank) {
    const auto comm = world.MakeGroup("all", rank, 2).value();
    at::Tensor parameter = at::zeros({4}).requires_grad_();
    const auto reducer = comm->MakeReducer({parameter}).value();
    EXPECT_EQ(reducer->waited(), Duration::zero()) << "setting up is no training";
    EXPECT_TRUE(reducer->Backward(parameter.sum(), false).ok());
    EXPECT_EQ(reducer->waited(), Duration::zero()) << "nothing is sent";
    constexpr auto kLate = std::chrono::milliseconds(300);
    if (rank == 1) RealClock().SleepFor(kLate);
    EXPECT_TRUE(reducer->Backward(parameter.sum(), true).ok());
    // Both leave the collective together; the second one was the late one.
    if (rank == 0) {
      EXPECT_GT(reducer->waited(), kLate / 2);
    }
  });
}

TEST(Meeting, WhoDoesNotComeIsMissedAtTheDeadline) {
  std::vector<MeetingOptions> world = NewWorld(2, std::chrono::seconds(1));
  const auto begin = std::chrono::steady_clock::now();
  const auto joined = Meeting::Join(world[0]);
  ASSERT_FALSE(joined.ok());
  EXPECT_EQ(joined.error().code(), ErrorCode::kUnavailable) << joined.error().ToString();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(Meeting, ACollectiveThatAPeerDoesNotJoinEndsAtTheDeadline) {
  std::latch given_up(1);
  OnEachRank(NewWorld(2, std::chrono::seconds(1)), [&](Meeting& world, int rank) {
    const auto comm = world.MakeGroup("all", rank, 2).value();
    if (rank == 1) return given_up.wait();
    at::Tensor tensor = at::zeros({5});
    const Status status = comm->AllReduceSum(tensor);
    given_up.count_down();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code(), ErrorCode::kUnavailable);
  });
}

TEST(LocalAddress, IsTheLoopbackTowardsTheLoopback) {
  EXPECT_EQ(LocalAddressTowards("127.0.0.1", 80).value(), "127.0.0.1");
}

TEST(LocalAddress, AHostThatDoesNotExistIsNamed) {
  const Result<std::string> address = LocalAddressTowards("no-such-host.invalid", 80);
  ASSERT_FALSE(address.ok());
  EXPECT_EQ(address.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(address.error().message().find("no-such-host.invalid"), std::string::npos);
}

}  // namespace
}  // namespace eoa::train
