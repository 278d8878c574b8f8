#include "operator/cluster/event_recorder.h"

#include <algorithm>
#include <utility>

#include "common/base/hex.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/base/timestamp.h"
#include "common/base/utf8.h"
#include "common/words/labels.h"
#include "operator/rounds/eoa_jobs.h"

namespace eoa::cluster {
namespace {

constexpr std::size_t kLongestMessage = 1024;  // the API server's limit, in bytes

std::string Shorten(const std::string& text) {
  if (text.size() <= kLongestMessage) return text;
  return std::string(Utf8Prefix(text, kLongestMessage - 3)) + "...";
}

std::string EventName(const ObjectReference& object, const EventText& event) {
  const std::uint64_t hash = HashName(object.uid + "\n" + event.type + "\n" + event.reason + "\n" + event.message);
  return object.key.name + "." + HexNumber(hash, 16);
}

}  // namespace

EventFilter::Decision EventFilter::Decide(const ObjectReference& object, const EventText& event, WallTime now) {
  Decision decision;
  decision.name = EventName(object, event);
  Seen& seen = seen_[decision.name];
  if (++seen.count == 1) seen.first = now;
  decision.count = seen.count;
  decision.first = seen.first;

  Bucket& bucket = buckets_[object.uid];
  const double refill = ToSeconds(now - bucket.filled) / ToSeconds(kRefill);
  bucket.tokens = std::min<double>(kBurst, bucket.tokens + std::max(0.0, refill));
  bucket.filled = now;
  if (bucket.tokens < 1) return decision;
  bucket.tokens -= 1;
  decision.write = true;
  return decision;
}

nlohmann::json MakeEvent(const ObjectReference& object, const EventText& event, const EventFilter::Decision& decision,
                         const std::string& instance, WallTime now) {
  nlohmann::json involved = {{"apiVersion", kApiVersion},
                             {"kind", kEoaJobs.kind},
                             {"namespace", object.key.name_space},
                             {"name", object.key.name},
                             {"uid", object.uid}};
  if (!object.resource_version.empty()) involved["resourceVersion"] = object.resource_version;
  return {{"apiVersion", "v1"},
          {"kind", "Event"},
          {"metadata", {{"namespace", object.key.name_space}, {"name", decision.name}}},
          {"involvedObject", std::move(involved)},
          {"type", event.type},
          {"reason", event.reason},
          {"message", Shorten(event.message)},
          {"firstTimestamp", FormatTimestamp(decision.first)},
          {"lastTimestamp", FormatTimestamp(now)},
          {"count", decision.count},
          {"source", {{"component", kOperatorName}}},
          {"reportingComponent", kOperatorName},
          {"reportingInstance", instance}};
}

EventRecorder::EventRecorder(kube::ApiClient& client, Clock& clock, std::string instance)
    : client_(client), clock_(clock), instance_(std::move(instance)), thread_([this] { Run(); }) {}

EventRecorder::~EventRecorder() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    give_up_ = clock_.SteadyNow() + kLastWords;
  }
  changed_.NotifyAll();
  thread_.join();
}

void EventRecorder::Record(const ObjectReference& object, const EventText& event) {
  {
    const MutexLock lock(mutex_);
    const WallTime now = clock_.Now();
    const EventFilter::Decision decision = filter_.Decide(object, event, now);
    if (!decision.write) {
      ++stats_.left_out;
      return;
    }
    if (waiting_.size() >= kWaiting) {
      ++stats_.dropped;
      return;
    }
    waiting_.push_back({MakeEvent(object, event, decision, instance_, now), decision.count});
  }
  changed_.NotifyOne();
}

metrics::EventCounts EventRecorder::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

void EventRecorder::Run() {
  MutexLock lock(mutex_);
  while (true) {
    changed_.Wait(mutex_, [this]() REQUIRES(mutex_) { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty() || (stopping_ && clock_.SteadyNow() >= give_up_)) return;
    const Note note = std::move(waiting_.front());
    waiting_.pop_front();
    lock.Unlock();
    const Status status = Write(note);
    if (!status.ok()) {
      Log(LogLevel::kWarning, "event not written",
          {{"reason", note.object.at("reason").get<std::string>()}, {"error", status.error().message()}});
    }
    lock.Lock();
    ++(status.ok() ? stats_.written : stats_.failed);
  }
}

Status EventRecorder::Write(const Note& note) {
  const nlohmann::json& metadata = note.object.at("metadata");
  const kube::ObjectKey key{metadata.at("namespace"), metadata.at("name")};
  if (note.count == 1) {
    const Result<nlohmann::json> created = client_.Create(kube::kEvents, note.object);
    if (created.ok()) return OkStatus();
    if (created.error().code() != ErrorCode::kAlreadyExists) return created.error();
  }
  // Told before, perhaps by a predecessor, whose count is not known here.
  nlohmann::json patch = {{"lastTimestamp", note.object.at("lastTimestamp")}};
  if (note.count > 1) patch["count"] = note.count;
  const Result<nlohmann::json> patched = client_.MergePatch(kube::kEvents, key, patch, {.metadata_only = true});
  if (patched.ok()) return OkStatus();
  if (patched.error().code() != ErrorCode::kNotFound) return patched.error();
  // It has expired meanwhile.
  const Result<nlohmann::json> again = client_.Create(kube::kEvents, note.object);
  return again.ok() ? OkStatus() : Status(again.error());
}

}  // namespace eoa::cluster
