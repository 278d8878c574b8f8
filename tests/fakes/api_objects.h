// ApiObjects: what an API server stores, with the semantics that controllers live by: one version for all, optimistic
// concurrency, generation, status apart from spec, server-side apply that takes back what is no longer wanted,
// preconditions, finalizers, garbage collection of dependents, and a history for watches that can be forgotten. Objects
// of any type are accepted unchecked. Answers are those of the real one as far as a client can tell them apart by
// status and reason.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace eoa {

// /apis/apps/v1/namespaces/NS/statefulsets/NAME/status, taken apart.
struct ApiPath {
  std::string api_version;  // "apps/v1", "v1"
  std::string name_space;   // empty: all, or the type has none
  std::string plural;
  std::string name;
  std::string subresource;
};

// Nothing for what is not the path of a resource.
std::optional<ApiPath> ParseApiPath(const std::vector<std::string>& segments);

struct ApiAnswer {
  int status = 200;
  nlohmann::json body;
};

// A Status object of that code.
ApiAnswer ApiProblem(int status, const std::string& reason, const std::string& message);

struct ApiQuery {
  std::string label_selector{};  // a=b, a!=b, a, !a; joined by commas
  std::string field_selector{};  // metadata.name=, metadata.namespace=
  std::string continue_token{};
  std::string resource_version{};
  std::size_t limit = 0;
};

struct ApiEvent {
  std::uint64_t version = 0;
  std::string type;  // ADDED, MODIFIED, DELETED
  nlohmann::json object;
};

// Thread-safety: every method from any thread.
class ApiObjects {
 public:
  ApiAnswer Get(const ApiPath& path) const;
  ApiAnswer List(const ApiPath& path, const ApiQuery& query);
  ApiAnswer Create(const ApiPath& path, nlohmann::json object);
  ApiAnswer Replace(const ApiPath& path, nlohmann::json object);
  ApiAnswer MergePatch(const ApiPath& path, const nlohmann::json& patch);
  ApiAnswer Apply(const ApiPath& path, const nlohmann::json& object, const std::string& manager);
  ApiAnswer Delete(const ApiPath& path, const nlohmann::json& options);

  // What a watch with that query is told after `version`, waiting at most `patience` for something. Nothing at all:
  // the version is too old (410).
  std::optional<std::vector<ApiEvent>> After(const ApiPath& path, const ApiQuery& query, std::uint64_t version,
                                             Duration patience);

  // Forgets how the present came to be, and the pages of lists.
  void ForgetHistory();

  std::uint64_t version() const;

  // Objects that were written since the start: what a test counts as writes.
  std::uint64_t writes() const;

 private:
  struct Stored {
    nlohmann::json object;
    std::map<std::string, nlohmann::json> applied;  // by "manager/subresource": what it last wanted
  };
  struct Change {
    std::uint64_t version = 0;
    std::string collection;
    nlohmann::json before;  // null: it was not there
    nlohmann::json after;   // null: it is gone
  };
  struct Pages {
    std::vector<nlohmann::json> objects;
    std::uint64_t version = 0;
  };
  using Key = std::pair<std::string, std::string>;  // namespace, name

  Stored* Find(const ApiPath& path) REQUIRES(mutex_);
  ApiAnswer Put(const ApiPath& path, Stored& stored, nlohmann::json wanted) REQUIRES(mutex_);
  void Remove(const std::string& collection, const Key& key) REQUIRES(mutex_);
  void RemoveDependents(const std::string& uid) REQUIRES(mutex_);
  void Record(const std::string& collection, nlohmann::json before, nlohmann::json after) REQUIRES(mutex_);

  mutable Mutex mutex_;
  CondVar grown_;
  std::map<std::string, std::map<Key, Stored>> collections_ GUARDED_BY(mutex_);  // by "apps/v1 statefulsets"
  std::vector<Change> history_ GUARDED_BY(mutex_);
  std::map<std::string, Pages> pages_ GUARDED_BY(mutex_);
  std::set<std::string> gone_ GUARDED_BY(mutex_);  // uids; what is made for such an owner is garbage at once
  std::uint64_t version_ GUARDED_BY(mutex_) = 1000;
  std::uint64_t horizon_ GUARDED_BY(mutex_) = 0;
  std::uint64_t uids_ GUARDED_BY(mutex_) = 0;
  std::uint64_t tokens_ GUARDED_BY(mutex_) = 0;
  std::uint64_t writes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace eoa
