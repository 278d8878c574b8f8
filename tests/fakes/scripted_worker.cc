// A worker without torch: speaks the worker protocol with made-up fitnesses, so that everything around workers (agents,
// broker, `eoa run`) can be tested in seconds. The world is real in one respect: rank 0 listens on the store's socket,
// every other rank connects to it, generations are passed on over these connections, and a lost connection ends the
// peers with ExitCode::kPeerLost.
//
// Environment:
//   EOA_SCRIPT_STEP_MS     milliseconds of one step (default 2); a generation has kSteps of them
//   EOA_SCRIPT_FAULT       what happens to a member in the middle of a generation:
//                          "population=wolves member=1 generation=2 attempt=1 exit=65", or "... signal=9", or
//                          "... hang=1"; fields that are left out match everything
//   EOA_SCRIPT_OPTIMUM     the LR with the greatest fitness (default 0.05)
// What it writes into its directory: weights-G.bin (merged), mixed-G.txt (what was mixed in), model.safetensors (a
// stand-in).
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "common/base/checksum.h"
#include "common/base/number.h"
#include "trainer/config/worker_protocol.h"

namespace {

using namespace eoa;         // NOLINT(google-build-using-namespace)
using namespace eoa::train;  // NOLINT(google-build-using-namespace)

constexpr int kSteps = 10;

std::string Variable(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

[[noreturn]] void Leave(ExitCode code) { std::_Exit(static_cast<int>(code)); }

// Lines over a descriptor, blocking.
class Line {
 public:
  explicit Line(int fd) : fd_(fd) {}
  void Send(const std::string& text) const {
    const std::string line = text + "\n";
    if (::send(fd_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
      Leave(ExitCode::kPeerLost);
  }
  // False at the end of the stream.
  bool Receive(std::string& text) {
    for (;;) {
      const auto end = buffer_.find('\n');
      if (end != std::string::npos) {
        text = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return true;
      }
      char piece[4096];
      const ssize_t size = ::read(fd_, piece, sizeof piece);
      if (size <= 0) return false;
      buffer_.append(piece, static_cast<std::size_t>(size));
    }
  }
  bool HasLine() const { return buffer_.find('\n') != std::string::npos; }
  int fd() const { return fd_; }

 private:
  int fd_;
  std::string buffer_;
};

class Worker {
 public:
  int Run() {
    std::string text;
    if (!agent_.Receive(text)) return 1;
    const Result<ToWorker> first = DecodeToWorker(text);
    if (!first.ok() || !std::holds_alternative<StartMessage>(*first))
      return Fail("start", first.ok() ? "no start" : first.error().message());
    start_ = std::get<StartMessage>(*first);
    generations_ = start_.job["spec"]["ecosphere"]["generations"].get<int>();
    rates_ = start_.learning_rates;
    ConnectWorld();
    for (int generation = start_.resume_generation; generation < generations_;) {
      Train(generation);
      generation = LeadsPopulation() ? Exchange(generation) : FollowLeader();
      Tell(CheckpointedMessage{generation});
    }
    return LeadsPopulation() ? Finish() : 0;
  }

 private:
  bool LeadsPopulation() const { return start_.member == 0; }
  bool LeadsWorld() const { return start_.rank == 0; }

  int Fail(const std::string& what, const std::string& why) {
    std::cerr << "scripted worker: " << what << ": " << why << "\n";
    return 1;
  }

  void Tell(const FromWorker& message) const { agent_.Send(EncodeLine(message)); }

  void ConnectWorld() {
    if (LeadsWorld()) {
      if (start_.store_descriptor < 0) std::exit(Fail("world rank 0", "no store descriptor"));
      for (int i = 1; i < start_.world_size; ++i) {
        const int fd = ::accept(start_.store_descriptor, nullptr, nullptr);
        if (fd < 0) Leave(ExitCode::kPeerLost);
        peers_.emplace_back(fd);
      }
      return;
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(start_.store_host.c_str(), std::to_string(start_.store_port).c_str(), &hints, &found) != 0) {
      Leave(ExitCode::kPeerLost);
    }
    const int fd = ::socket(found->ai_family, SOCK_STREAM, 0);
    if (::connect(fd, found->ai_addr, found->ai_addrlen) != 0) Leave(ExitCode::kPeerLost);
    ::freeaddrinfo(found);
    peers_.emplace_back(fd);
  }

  void CheckAgentAndPeers() {
    for (const Line& peer : peers_) {
      pollfd entry{peer.fd(), POLLIN | POLLRDHUP, 0};
      if (::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
        Leave(ExitCode::kPeerLost);
    }
    pollfd entry{agent_.fd(), POLLIN, 0};
    while (::poll(&entry, 1, 0) > 0) {
      std::string text;
      if (!agent_.Receive(text)) Leave(ExitCode::kInternal);
      const Result<ToWorker> message = DecodeToWorker(text);
      if (message.ok() && std::holds_alternative<StopMessage>(*message)) Leave(ExitCode::kOk);
    }
  }

  void Train(int generation) {
    const int step_ms = std::atoi(Variable("EOA_SCRIPT_STEP_MS", "2").c_str());
    for (int step = 0; step < kSteps; ++step) {
      std::this_thread::sleep_for(std::chrono::milliseconds(step_ms));
      CheckAgentAndPeers();
      if (step == kSteps / 2) MaybeFail(generation);
      Tell(ProgressMessage{generation, step + 1, kSteps, 100, Loss(generation), TrainerPhase::kTraining});
    }
  }

  void MaybeFail(int generation) const {
    std::istringstream fault(Variable("EOA_SCRIPT_FAULT", ""));
    std::map<std::string, std::string> wanted;
    for (std::string field; fault >> field;)
      wanted[field.substr(0, field.find('='))] = field.substr(field.find('=') + 1);
    const std::map<std::string, std::string> here = {{"population", start_.population},
                                                     {"member", std::to_string(start_.member)},
                                                     {"generation", std::to_string(generation)},
                                                     {"attempt", std::to_string(start_.attempt)}};
    if (wanted.empty()) return;
    for (const auto& [name, value] : here) {
      if (wanted.contains(name) && wanted.at(name) != value) return;
    }
    if (wanted.contains("signal")) ::raise(std::atoi(wanted["signal"].c_str()));
    if (wanted.contains("hang")) std::this_thread::sleep_for(std::chrono::hours(1));
    if (wanted.contains("exit")) {
      Tell(ErrorMessage{"DATA_LOSS", "scripted fault"});
      Leave(static_cast<ExitCode>(std::atoi(wanted["exit"].c_str())));
    }
  }

  double Loss(int generation) const { return 2.3 / (1 + generation); }

  // Greatest at the optimum, rising with the generations; depends on nothing but LR and generation.
  static double Fitness(double rate, int generation) {
    const double optimum = ParseNumber(Variable("EOA_SCRIPT_OPTIMUM", "0.05")).value();
    const double distance = std::log10(std::max(rate, 1e-12) / optimum);
    return (1 - std::exp(-0.3 * (generation + 1))) * std::exp(-distance * distance);
  }

  // The leader's way through a generation's end; returns the next generation.
  int Exchange(int generation) {
    GenerationEndMessage end{generation, {}, 100.0 * static_cast<double>(rates_.size())};
    for (std::size_t i = 0; i < rates_.size(); ++i) {
      end.members.push_back({static_cast<int>(i), rates_[i], Fitness(rates_[i], generation), Loss(generation)});
    }
    Tell(end);
    Tell(ProgressMessage{generation, kSteps, kSteps, 0, Loss(generation), TrainerPhase::kExchanging});
    const std::string file = start_.directory + "/weights-" + std::to_string(generation) + ".bin";
    const std::string weights = "weights of " + start_.population + " in generation " + std::to_string(generation);
    std::ofstream(file, std::ios::binary) << weights;
    Tell(MergedMessage{generation, file, Crc32(weights), weights.size()});
    const NextMessage next = Await<NextMessage>();
    std::ofstream mixed(start_.directory + "/mixed-" + std::to_string(generation) + ".txt");
    mixed << "own " << FormatNumber(next.own_weight) << "\n";
    for (const ForeignWeights& foreign : next.foreign) {
      std::ifstream input(foreign.file, std::ios::binary);
      mixed << std::string(std::istreambuf_iterator<char>(input), {}) << " " << FormatNumber(foreign.weight) << "\n";
    }
    rates_ = next.learning_rates;
    if (LeadsWorld()) {
      for (const Line& peer : peers_) peer.Send(std::to_string(next.generation));
    }
    return next.generation;
  }

  int FollowLeader() {
    std::string text;
    if (!peers_.front().Receive(text)) Leave(ExitCode::kPeerLost);
    return std::atoi(text.c_str());
  }

  template <typename Message>
  Message Await() {
    for (;;) {
      std::string text;
      if (!agent_.Receive(text)) Leave(ExitCode::kInternal);
      const Result<ToWorker> message = DecodeToWorker(text);
      if (!message.ok()) std::exit(Fail("agent's message", message.error().message()));
      if (std::holds_alternative<StopMessage>(*message)) Leave(ExitCode::kOk);
      if (const Message* wanted = std::get_if<Message>(&*message)) return *wanted;
    }
  }

  int Finish() {
    const FinishMessage finish = Await<FinishMessage>();
    ResultMessage result;
    result.model = start_.directory + "/model.safetensors";
    std::ofstream(result.model, std::ios::binary) << "model of " << start_.population;
    if (finish.measure_test) {
      result.test_accuracy = 0.5;
      result.test_loss = 1.25;
      result.test_images = 1000;
    }
    Tell(result);
    return 0;
  }

  Line agent_{kWorkerChannel};
  StartMessage start_;
  std::vector<Line> peers_;
  std::vector<double> rates_;
  int generations_ = 0;
};

}  // namespace

int main() { return Worker().Run(); }
