#include "trainer/agent/agent.h"

#include <sys/poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>

#include "common/base/descriptor.h"
#include "common/base/entropy.h"
#include "common/base/log.h"
#include "common/evolve/load_schedules.h"
#include "common/evolve/rates.h"
#include "common/job/read_job.h"
#include "trainer/agent/broker_client.h"
#include "trainer/agent/file_page.h"
#include "trainer/agent/inbox.h"
#include "trainer/agent/memory_kills.h"
#include "trainer/agent/session.h"
#include "trainer/agent/status_page.h"
#include "trainer/agent/stop_signals.h"
#include "trainer/agent/store_socket.h"
#include "trainer/agent/telemetry.h"
#include "trainer/agent/weight_transfer.h"
#include "trainer/agent/worker_gang.h"

namespace eoa::agent {
namespace {

constexpr int kLongestTurnMilliseconds = 10'000;
constexpr std::size_t kMaxTokenBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxRecordBytes = std::size_t{16} << 20;
constexpr std::string_view kOutOfMemory =
    "out of memory: the kernel killed a worker; its pod needs more (resources.limits.memory), or the job a smaller "
    "spec.trainer.batchSizePerMember: `eoa validate` says what a member needs";

Result<std::string> ReadToken(FileSystem& files, const std::string& path) {
  EOA_ASSIGN_OR_RETURN(std::string token, files.ReadFile(path, kMaxTokenBytes));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  if (token.empty()) return InvalidArgumentError(path + " holds no token");
  return token;
}

Record ReadRecord(FileSystem& files, const std::string& path) {
  const Result<std::string> text = files.ReadFile(path, kMaxRecordBytes);
  if (!text.ok()) {
    if (text.error().code() != ErrorCode::kNotFound) {
      Log(LogLevel::kWarning, "the agent's record cannot be read; starting anew", {{"error", text.error().ToString()}});
    }
    return {};
  }
  Result<Record> record = RecordFromText(*text);
  if (record.ok()) return *std::move(record);
  Log(LogLevel::kWarning, "the agent's record is unusable; starting anew", {{"error", record.error().ToString()}});
  return {};
}

// Carries out the session's actions and hands it the events.
class Shell {
 public:
  Shell(const AgentOptions& options, AgentSession session, BrokerClient broker, WeightServer& weights,
        Telemetry& telemetry, net::HttpClient& http, FileSystem& files, Clock& clock)
      : options_(options),
        session_(std::move(session)),
        broker_(std::move(broker)),
        weights_(weights),
        telemetry_(telemetry),
        http_(http),
        files_(files),
        clock_(clock) {}

  ExitCode Run(int signals) {
    CarryOut(session_.Begin(clock_.SteadyNow()));
    while (!exit_) {
      telemetry_.Turn(clock_.SteadyNow());
      Poll(signals);
      for (const Event& event : inbox_.TakeAll()) Dispatch(event);
      if (gang_) {
        const int era = gang_era_;
        for (GangEvent& event : gang_->Collect()) DispatchGang(era, std::move(event));
      }
      const auto wakeup = session_.NextWakeup();
      if (wakeup && clock_.SteadyNow() >= *wakeup) Dispatch({session_.era(), Tick{}});
    }
    return *exit_;
  }

 private:
  void Poll(int signals) {
    std::vector<pollfd> entries = {{signals, POLLIN, 0}, {inbox_.descriptor(), POLLIN, 0}};
    if (gang_) {
      const std::vector<pollfd> workers = gang_->PollEntries();
      entries.insert(entries.end(), workers.begin(), workers.end());
    }
    int timeout = kLongestTurnMilliseconds;
    if (const auto wakeup = session_.NextWakeup()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*wakeup - clock_.SteadyNow()).count();
      timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, kLongestTurnMilliseconds));
    }
    ::poll(entries.data(), entries.size(), timeout);
    signalfd_siginfo info{};
    if ((entries[0].revents & POLLIN) != 0 && ::read(signals, &info, sizeof info) == sizeof info) {
      Log(LogLevel::kInfo, "asked to stop", {{"signal", std::to_string(info.ssi_signo)}});
      Dispatch({session_.era(), StopRequested{}});
    }
  }

  void Dispatch(const Event& event) {
    telemetry_.Observe(event, clock_.SteadyNow());
    CarryOut(session_.Handle(event, clock_.SteadyNow()));
  }

  void DispatchGang(int era, GangEvent event) {
    if (const auto* status = std::get_if<ExitStatus>(&event.what)) {
      if (status->signal == SIGKILL && CountMemoryKills(files_) > memory_kills_) {
        Dispatch({era, MessageReceived{event.worker,
                                       train::ErrorMessage{std::string(ErrorCodeName(ErrorCode::kResourceExhausted)),
                                                           std::string(kOutOfMemory)}}});
      }
      Dispatch({era, WorkerExited{event.worker, *status}});
    } else {
      Dispatch({era, MessageReceived{event.worker, std::get<train::FromWorker>(std::move(event.what))}});
    }
  }

  void CarryOut(const Actions& actions) {
    for (const Action& action : actions) {
      if (exit_) return;
      telemetry_.Observe(action, clock_.SteadyNow());
      std::visit([this](const auto& each) { CarryOut(each); }, action);
    }
  }

  // Runs `request` on a thread of its own; its event belongs to the era in which it was asked for.
  template <typename Request>
  void Call(Request request) {
    calls_.Start([era = session_.era(), request = std::move(request)](net::Cancellation* cancellation) {
      return Event{era, request(cancellation)};
    });
  }

  void CarryOut(const SendJoin& action) {
    api::JoinRequest request = action.request;
    if (request.incarnation != store_incarnation_) {
      Result<StoreSocket> store = StoreSocket::Listen(options_.listen);
      if (!store.ok()) {
        inbox_.Put({session_.era(), JoinAnswered{store.error()}});
        return;
      }
      store_ = *std::move(store);
      store_incarnation_ = request.incarnation;
    }
    request.store_port = store_->port();
    Call(
        [this, request](net::Cancellation* cancellation) { return JoinAnswered{broker_.Join(request, cancellation)}; });
  }

  void CarryOut(const SendHeartbeat& action) {
    Call([this, request = action.request](net::Cancellation* cancellation) {
      return HeartbeatAnswered{broker_.Heartbeat(request, cancellation)};
    });
  }

  void CarryOut(const SendReport& action) {
    Call([this, request = action.request](net::Cancellation* cancellation) {
      return ReportAnswered{request.generation, broker_.Report(request, cancellation)};
    });
  }

  void CarryOut(const AskDecision& action) {
    Call([this, action](net::Cancellation* cancellation) {
      return DecisionAnswered{action.generation,
                              broker_.Decision(action.attempt, action.generation, action.wait_seconds, cancellation)};
    });
  }

  void CarryOut(const SendFinish& action) {
    Call([this, request = action.request](net::Cancellation* cancellation) {
      return FinishAnswered{broker_.Finish(request, cancellation)};
    });
  }

  void CarryOut(const FetchWeights& action) {
    Call([this, action](net::Cancellation* cancellation) -> WeightsFetched {
      const FetchOptions fetch{action.source, JoinPath(options_.directory, "foreign"), action.timeout};
      return {action.generation, action.source.population, FetchWeightsFile(fetch, http_, files_, cancellation)};
    });
  }

  void CarryOut(const CancelCalls&) { calls_.CancelAll(); }

  void CarryOut(const StartWorkers& action) {
    const GangOptions gang{options_.worker, WorkerEnvironment(options_.threads), store_ ? store_->descriptor() : -1};
    Result<WorkerGang> started = WorkerGang::Start(gang, action.messages);
    store_.reset();
    store_incarnation_.clear();
    if (!started.ok()) {
      inbox_.Put({session_.era(), StartFailed{started.error()}});
      return;
    }
    weights_.Begin(action.messages.front().resume_generation);
    gang_.emplace(*std::move(started));
    memory_kills_ = CountMemoryKills(files_);
    gang_era_ = session_.era();
  }

  void CarryOut(const SendToWorker& action) {
    if (gang_) gang_->Send(action.worker, action.message);
  }

  void CarryOut(const KillWorkers&) { gang_.reset(); }

  void CarryOut(const SaveRecord& action) {
    const Status saved =
        files_.WriteFileAtomically(JoinPath(options_.directory, kRecordFile), RecordToText(action.record));
    // The older record still holds: a restart resumes from further back.
    if (!saved.ok()) Log(LogLevel::kError, "the agent's record is not saved", {{"error", saved.error().ToString()}});
  }

  void CarryOut(const PublishWeights& action) { weights_.Publish(action.weights); }

  void CarryOut(const WriteLog& action) {
    std::vector<LogField> fields;
    for (const auto& [name, value] : action.fields) fields.push_back({name, value});
    Log(action.level, action.message, fields);
  }

  void CarryOut(const Exit& action) { exit_ = action.code; }

  const AgentOptions& options_;
  AgentSession session_;
  const BrokerClient broker_;
  WeightServer& weights_;
  Telemetry& telemetry_;
  net::HttpClient& http_;
  FileSystem& files_;
  Clock& clock_;
  Inbox inbox_;
  std::optional<StoreSocket> store_;
  std::string store_incarnation_;
  std::optional<WorkerGang> gang_;
  int gang_era_ = 0;
  std::int64_t memory_kills_ = 0;  // before these workers
  std::optional<ExitCode> exit_;
  Calls calls_{inbox_};  // last, to be destroyed first: its threads use the members above
};

// Of what is around the agent and may be there at the next try, unlike a mistake in the job or a flag.
Error Passing(const Error& error) { return UnavailableError(error.message()); }

Result<PodSetup> MakeSetup(const AgentOptions& options, FileSystem& files) {
  const Result<std::string> text = files.ReadFile(options.job_file, api::kMaxJobBytes);
  if (!text.ok()) return text.error().code() == ErrorCode::kNotFound ? text.error() : Passing(text.error());
  EOA_ASSIGN_OR_RETURN(api::Job job, api::JobFromText(*text, options.job_file));
  EOA_RETURN_IF_ERROR(evolve::LoadSchedules(job.spec, files));
  PodSetup setup;
  setup.population = api::FindPopulation(job.spec, options.population);
  if (setup.population < 0)
    return InvalidArgumentError("--population: the job has no population " + options.population);
  const api::PopulationSpec& population = job.spec.population(setup.population);
  const int pods = population.members / population.members_per_pod;
  if (options.pod < 0 || options.pod >= pods) {
    return InvalidArgumentError("--pod: " + std::to_string(options.pod) + " is not below " + std::to_string(pods) +
                                ", the number of pods of " + population.name);
  }
  const bool merges = job.spec.ecosphere.weight_merge != api::WeightMerge::kNone && job.spec.populations.size() > 1;
  if (merges && options.address.find(':') != std::string::npos) {
    return InvalidArgumentError("--address: '" + options.address +
                                "' is an IPv6 address, and populations exchange weights over IPv4 only: let pods have "
                                "IPv4 addresses, or set spec.ecosphere.weightMerge to None");
  }
  EOA_ASSIGN_OR_RETURN(setup.start_rates, evolve::StartRates(job.spec, setup.population));
  setup.job = std::make_shared<const api::Job>(std::move(job));
  setup.pod = options.pod;
  setup.address = options.address;
  setup.directory = options.directory;
  setup.threads = options.threads;
  setup.profile_steps = options.profile_steps;
  setup.profile_directory = options.profile_directory.empty() ? options.directory : options.profile_directory;
  setup.incarnation_prefix = RandomHex(8);
  setup.weights_token = RandomHex(16);
  setup.heartbeat_interval = options.heartbeat_interval;
  setup.stop_grace = options.grace;
  Status made = files.CreateDirectories(options.directory);
  if (made.ok() && setup.profile_steps > 0) made = files.CreateDirectories(setup.profile_directory);
  if (!made.ok()) return Passing(made.error());
  return setup;
}

ExitCode Fail(ExitCode code, const Error& error) {
  Log(LogLevel::kError, "the agent cannot start", {{"error", error.ToString()}});
  return code;
}

// A mistake stays one; a directory, a port or a token may be there at the next try.
ExitCode Fail(const Error& error) {
  const bool mistake = error.code() == ErrorCode::kInvalidArgument || error.code() == ErrorCode::kNotFound;
  return Fail(mistake ? ExitCode::kBadConfiguration : ExitCode::kStartOver, error);
}

}  // namespace

std::string AnyAddressLike(const std::string& address) {
  return address.find(':') == std::string::npos ? "0.0.0.0" : "::";
}

ExitCode RunAgent(const AgentOptions& given, net::HttpClient& http, FileSystem& files, Clock& clock) {
  AgentOptions options = given;
  if (options.listen.empty()) options.listen = AnyAddressLike(options.address);
  if (options.metrics_listen.starts_with(':')) options.metrics_listen = options.listen + options.metrics_listen;
  Result<PodSetup> setup = MakeSetup(options, files);
  if (!setup.ok()) return Fail(setup.error());
  if (const Result<std::string> token = ReadToken(files, options.token_file); !token.ok()) {
    return Fail(Passing(token.error()));
  }
  const Result<std::unique_ptr<WeightServer>> weights =
      WeightServer::Start(options.listen, setup->weights_token, files);
  if (!weights.ok()) return Fail(weights.error());
  setup->weights_port = (*weights)->port();
  Telemetry telemetry(*setup, options.version, clock.SteadyNow());
  const FilePage file_page(options.directory, options.fetch_keys, files);
  const auto status_page = ServeStatusPage(options.metrics_listen, telemetry, file_page, clock);
  if (!status_page.ok()) return Fail(status_page.error());

  const sigset_t signals = StopSignals();
  const Descriptor signal_descriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signal_descriptor.valid()) return Fail(ExitCode::kInternal, ErrnoError(errno, "signalfd"));

  BrokerClient broker(
      {options.broker, setup->job->metadata.uid, options.population},
      [&] { return ReadToken(files, options.token_file); }, http);
  Record record = ReadRecord(files, JoinPath(options.directory, kRecordFile));
  Shell shell(options, AgentSession(*std::move(setup), std::move(record)), std::move(broker), **weights, telemetry,
              http, files, clock);
  return shell.Run(signal_descriptor.get());
}

}  // namespace eoa::agent
