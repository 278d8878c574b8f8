#include "tests/integration/engine/test_world.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "common/base/file_system.h"
#include "common/job/read_job.h"

namespace eoa::train {
namespace {

constexpr int kStoreDescriptor = 4;

// A listening socket on a free port of the loopback.
std::pair<int, int> Listen() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(fd, 64), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  return {fd, ntohs(address.sin_port)};
}

}  // namespace

TestWorker::TestWorker(const StartMessage& start, int store_socket) {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  channel_ = ends[0];
  SubprocessOptions options;
  options.arguments = {std::string(EOA_BINARY_DIR) + "/eoa-trainer-worker"};
  options.environment = {{"OMP_WAIT_POLICY", "passive"}};
  options.descriptors = {{STDERR_FILENO, STDERR_FILENO}, {ends[1], kWorkerChannel}};
  if (start.store_descriptor >= 0) options.descriptors.emplace_back(store_socket, start.store_descriptor);
  Result<Subprocess> process = Subprocess::Start(options);
  ::close(ends[1]);
  process_ = std::make_unique<Subprocess>(std::move(process).value());
  Tell(start);
}

TestWorker::~TestWorker() { CloseChannel(); }

void TestWorker::CloseChannel() {
  if (channel_ >= 0) ::close(std::exchange(channel_, -1));
}

void TestWorker::Tell(const ToWorker& message) {
  const std::string line = EncodeLine(message) + "\n";
  EXPECT_EQ(::send(channel_, line.data(), line.size(), MSG_NOSIGNAL), static_cast<ssize_t>(line.size()));
}

bool TestWorker::ReadMore() {
  pollfd entry{channel_, POLLIN, 0};
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(kPatience);
  if (::poll(&entry, 1, static_cast<int>(patience.count())) <= 0) return false;
  char block[4096];
  const ssize_t size = ::read(channel_, block, sizeof block);
  if (size <= 0) return false;
  text_.append(block, static_cast<std::size_t>(size));
  for (std::size_t end; (end = text_.find('\n')) != std::string::npos; text_.erase(0, end + 1)) {
    Result<FromWorker> message = DecodeFromWorker(text_.substr(0, end));
    EXPECT_TRUE(message.ok()) << text_.substr(0, end);
    if (message.ok()) received_.push_back(std::move(*message));
  }
  return true;
}

std::string TestWorker::Errors() {
  while (channel_ >= 0 && ReadMore()) {
  }
  std::string errors;
  for (const FromWorker& message : received_) {
    if (const auto* error = std::get_if<ErrorMessage>(&message)) errors += error->code + ": " + error->message + "\n";
  }
  return errors;
}

ExitStatus TestWorker::AwaitExit() {
  Result<ExitStatus> status = process_->Wait(kPatience);
  EXPECT_TRUE(status.ok()) << "the worker still runs";
  return status.ok() ? *status : ExitStatus{.code = -1};
}

void TestWorker::Kill(int signal) { EXPECT_TRUE(process_->Signal(signal).ok()); }

TestWorld::TestWorld(const api::Job& job, const std::string& directory, int resume_generation,
                     const std::vector<double>& rates)
    : job_(job), directory_(directory) {
  const auto [socket, port] = Listen();
  const bool one_world = job.spec.ecosphere.gradient_scope == api::GradientScope::kEcosphere;
  // Several worlds would need a store each.
  EXPECT_TRUE(one_world || job.spec.populations.size() == 1 || job.spec.populations.front().members == 1);
  int rank = 0;
  for (std::size_t population = 0; population < job.spec.populations.size(); ++population) {
    const api::PopulationSpec& spec = job.spec.populations[population];
    if (!one_world) rank = 0;
    for (int member = 0; member < spec.members; ++member, ++rank) {
      StartMessage start;
      start.job = api::JobToJson(job);
      start.population = spec.name;
      start.attempt = 1;
      start.member = member;
      start.rank = rank;
      start.world_size = one_world ? api::EcosphereMembers(job.spec) : spec.members;
      start.store_host = "127.0.0.1";
      start.store_port = port;
      start.store_descriptor = rank == 0 ? kStoreDescriptor : -1;
      start.directory = PodDirectory(static_cast<int>(population), member);
      start.resume_generation = resume_generation;
      if (member == 0) {
        start.learning_rates = rates.empty() ? std::vector<double>(static_cast<std::size_t>(spec.members), 0.1) : rates;
      }
      start.threads = 1;
      start.collective_timeout_seconds = 30;
      std::filesystem::create_directories(start.directory);
      workers_[{static_cast<int>(population), member}] = std::make_unique<TestWorker>(start, socket);
    }
  }
  ::close(socket);
}

std::string TestWorld::PodDirectory(int population, int member) const {
  const api::PopulationSpec& spec = job_.spec.population(population);
  return directory_ + "/" + spec.name + "-" + std::to_string(member / spec.members_per_pod);
}

TestWorker& TestWorld::worker(int population, int member) { return *workers_.at({population, member}); }

std::vector<TestWorker*> TestWorld::all() {
  std::vector<TestWorker*> all;
  for (auto& [key, each] : workers_) all.push_back(each.get());
  return all;
}

std::vector<GenerationEndMessage> TestWorld::PlayGeneration(int generation, double rate) {
  std::vector<GenerationEndMessage> reports;
  const bool last = generation + 1 == job_.spec.ecosphere.generations;
  for (std::size_t population = 0; population < job_.spec.populations.size(); ++population) {
    const auto members = static_cast<std::size_t>(job_.spec.populations[population].members);
    TestWorker& leads = leader(static_cast<int>(population));
    reports.push_back(leads.Await<GenerationEndMessage>());
    EXPECT_EQ(reports.back().generation, generation);
    NextMessage next;
    next.generation = generation + 1;
    if (!last) next.learning_rates.assign(members, rate);
    leads.Tell(next);
  }
  return reports;
}

std::vector<ResultMessage> TestWorld::PlayFinish(int member) {
  std::vector<ResultMessage> results;
  const int populations = static_cast<int>(job_.spec.populations.size());
  for (int population = 0; population < populations; ++population) {
    leader(population).Tell(FinishMessage{.measure_test = true, .member = member});
  }
  for (int population = 0; population < populations; ++population) {
    results.push_back(leader(population).Await<ResultMessage>());
  }
  for (TestWorker* each : all()) EXPECT_TRUE(each->AwaitExit().ok()) << each->Errors();
  return results;
}

api::Job SmallJob(int members, int generations) {
  const std::string text = R"(
apiVersion: eoa.io/v1alpha1
kind: EOAJob
metadata: {name: small}
spec:
  trainer:
    model: {name: wrn-10-1}
    dataset: {name: webdataset, path: )" +
                           std::string(EOA_SOURCE_DIR) + R"(/manifests/samples/data/cifar10-subset, augmentation: cifar}
    batchSizePerMember: 16
  ecosphere: {generations: )" +
                           std::to_string(generations) + R"(, generationSteps: 3, fitnessSamples: 32}
  populations:
  - {name: wolves, algorithm: {name: Fixed}, members: )" +
                           std::to_string(members) + "}\n";
  Result<api::Job> job = api::JobFromText(text, "small.yaml");
  EXPECT_TRUE(job.ok());
  return std::move(job).value();
}

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "eoa-XXXXXX").string();
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() { std::filesystem::remove_all(path_); }

std::string ReadBytes(const std::string& path) {
  Result<std::string> bytes = RealFileSystem().ReadFile(path, std::uint64_t{1} << 30);
  EXPECT_TRUE(bytes.ok()) << path;
  return bytes.ok() ? std::move(*bytes) : std::string();
}

}  // namespace eoa::train
