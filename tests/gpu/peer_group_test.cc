// Several processes on one GPU: this program starts itself once for each rank.
#include <sys/socket.h>

#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "common/base/subprocess.h"
#include "trainer/comm/gather.h"
#include "trainer/comm/meeting.h"
#include "trainer/device/device.h"

namespace eoa::train {
namespace {

constexpr int kRanks = 4;
constexpr int kStore = 10;  // the store's socket in the process of rank 0

at::Tensor Random(std::int64_t size, int seed) {
  at::Generator random = at::detail::createCPUGenerator(static_cast<std::uint64_t>(seed));
  return at::randn({size}, random);
}

// What a rank does; returns what went wrong.
std::string Talk(int rank, int port, api::Communication communication) {
  const Result<c10::Device> device = UseDevice({.kind = api::DeviceKind::kCuda}, api::Precision::kFp32, 0);
  if (!device.ok()) return device.error().ToString();
  const auto meeting = Meeting::Join({.store_host = "127.0.0.1",
                                      .store_port = port,
                                      .store_descriptor = rank == 0 ? kStore : -1,
                                      .rank = rank,
                                      .size = kRanks,
                                      .attempt = 1,
                                      .timeout = std::chrono::seconds(60),
                                      .device = *device,
                                      .communication = communication});
  if (!meeting.ok()) return meeting.error().ToString();
  const auto group = (*meeting)->MakeGroup("test", rank, kRanks);
  if (!group.ok()) return group.error().ToString();
  Comm& comm = **group;
  // Growing and shrinking, odd sizes, one right after the other.
  const std::vector<std::int64_t> sizes = {1, 1000, 7, 1000003, 12345, 4000001, 3};
  for (int round = 0; round < 30; ++round) {
    const std::int64_t size = sizes[static_cast<std::size_t>(round) % sizes.size()];
    at::Tensor sum = Random(size, 100 * round + rank).to(*device);
    at::Tensor copy = sum.clone();
    at::Tensor expected = Random(size, 100 * round);
    for (int other = 1; other < kRanks; ++other) expected.add_(Random(size, 100 * round + other));
    if (Status status = comm.AllReduceSum(sum); !status.ok()) return status.error().ToString();
    if (!at::allclose(sum.cpu(), expected, 1e-5, 1e-6)) return "a wrong sum in round " + std::to_string(round);
    const int root = round % kRanks;
    if (Status status = comm.Broadcast(copy, root); !status.ok()) return status.error().ToString();
    if (!at::equal(copy.cpu(), Random(size, 100 * round + root)))
      return "a wrong copy in round " + std::to_string(round);
    at::Tensor half = sum.to(at::kBFloat16);
    if (Status status = comm.AllReduceSum(half); !status.ok()) return status.error().ToString();
    if (!at::allclose(half.to(at::kFloat).cpu(), expected.mul(kRanks), 2e-2, 2e-1)) return "a wrong bfloat16 sum";
    at::Tensor reduced = Random(size, 100 * round + rank).to(*device);
    if (Status status = comm.ReduceSum(reduced, root); !status.ok()) return status.error().ToString();
    if (rank == root && !at::allclose(reduced.cpu(), expected, 1e-5, 1e-6)) return "a wrong sum at the root";
    // The same bits everywhere.
    const at::Tensor bits = sum.cpu();
    const std::string own(static_cast<const char*>(bits.const_data_ptr()), std::min<std::size_t>(bits.nbytes(), 4000));
    const auto all = Gather(comm, own);
    if (!all.ok()) return all.error().ToString();
    for (const std::string& each : *all) {
      if (each != own) return "ranks have other bits";
    }
  }
  Synchronize(*device);
  at::Tensor last = Random(4, 1);
  if (Status status = comm.AllReduceSum(last); !status.ok()) return status.error().ToString();  // nobody leaves early
  return "";
}

class PeerGroup : public testing::TestWithParam<api::Communication> {};

TEST_P(PeerGroup, SumsAndCopies) {
  if (const char* rank = std::getenv("EOA_TEST_RANK")) {
    EXPECT_EQ(Talk(std::atoi(rank), std::atoi(std::getenv("EOA_TEST_PORT")), GetParam()), "");
    return;
  }
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(listener, 64), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), 0);
  const testing::TestInfo* info = testing::UnitTest::GetInstance()->current_test_info();
  std::vector<Subprocess> ranks;
  for (int rank = 0; rank < kRanks; ++rank) {
    SubprocessOptions options;
    options.arguments = {"/proc/self/exe",
                         "--gtest_filter=" + std::string(info->test_suite_name()) + "." + info->name()};
    options.environment = {{"EOA_TEST_RANK", std::to_string(rank)},
                           {"EOA_TEST_PORT", std::to_string(ntohs(address.sin_port))}};
    options.descriptors = {{STDOUT_FILENO, STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
    if (rank == 0) options.descriptors.emplace_back(listener, kStore);
    auto started = Subprocess::Start(options);
    ASSERT_TRUE(started.ok()) << started.error().ToString();
    ranks.push_back(*std::move(started));
  }
  ::close(listener);
  for (Subprocess& each : ranks) {
    const auto status = each.Wait(std::chrono::seconds(120));
    ASSERT_TRUE(status.ok()) << status.error().ToString();
    EXPECT_TRUE(status->ok()) << status->ToString();
  }
}

std::string WayName(const testing::TestParamInfo<api::Communication>& each) {
  return each.param == api::Communication::kPeer ? "memory" : "gloo";
}

INSTANTIATE_TEST_SUITE_P(By, PeerGroup, testing::Values(api::Communication::kPeer, api::Communication::kGloo), WayName);

}  // namespace
}  // namespace eoa::train
