#include "tests/fakes/api_objects.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/base/timestamp.h"

namespace eoa {
namespace {

using nlohmann::json;

std::string CollectionOf(const ApiPath& path) { return path.api_version + " " + path.plural; }

std::string TextAt(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

json& Metadata(json& object) { return object["metadata"]; }

ApiAnswer NotFound(const ApiPath& path) {
  return ApiProblem(404, "NotFound", path.plural + " \"" + path.name + "\" not found");
}

ApiAnswer Conflict(const ApiPath& path, const std::string& why) {
  return ApiProblem(409, "Conflict",
                    "Operation cannot be fulfilled on " + path.plural + " \"" + path.name + "\": " + why);
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

bool Satisfies(const std::string& requirement, const std::map<std::string, std::string>& values) {
  const auto value = [&](const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? std::optional<std::string>() : found->second;
  };
  if (requirement.front() == '!') return !value(requirement.substr(1));
  const std::size_t equals = requirement.find('=');
  if (equals == std::string::npos) return value(requirement).has_value();
  const std::string wanted = requirement.substr(requirement.find_last_of('=') + 1);
  if (equals > 0 && requirement[equals - 1] == '!') return value(requirement.substr(0, equals - 1)) != wanted;
  return value(requirement.substr(0, equals)) == wanted;
}

bool Matches(const json& object, const ApiPath& path, const ApiQuery& query) {
  if (object.is_null()) return false;
  const json& metadata = object.at("metadata");
  if (!path.name_space.empty() && TextAt(metadata, "namespace") != path.name_space) return false;
  const std::map<std::string, std::string> fields = {{"metadata.name", TextAt(metadata, "name")},
                                                     {"metadata.namespace", TextAt(metadata, "namespace")}};
  std::map<std::string, std::string> labels;
  if (const auto found = metadata.find("labels"); found != metadata.end() && found->is_object()) {
    labels = found->get<std::map<std::string, std::string>>();
  }
  const auto all = [](const std::string& selector, const std::map<std::string, std::string>& values) {
    const std::vector<std::string> parts = Split(selector);
    return std::all_of(parts.begin(), parts.end(), [&](const std::string& part) { return Satisfies(part, values); });
  };
  return all(query.label_selector, labels) && all(query.field_selector, fields);
}

// Sets what `wanted` says in `target`; objects are gone into, everything else is replaced.
void Overlay(json& target, const json& wanted) {
  for (const auto& [name, value] : wanted.items()) {
    if (value.is_object() && target.contains(name) && target[name].is_object()) {
      Overlay(target[name], value);
    } else {
      target[name] = value;
    }
  }
}

// Takes out of `target` what `old` wanted and `now` wants no more.
void TakeBack(json& target, const json& old, const json& now) {
  for (const auto& [name, value] : old.items()) {
    if (!target.contains(name)) continue;
    if (!now.contains(name)) {
      target.erase(name);
    } else if (value.is_object() && now[name].is_object() && target[name].is_object()) {
      TakeBack(target[name], value, now[name]);
    }
  }
}

bool IsOwnedBy(const json& object, const std::string& uid) {
  const json owners = object.at("metadata").value("ownerReferences", json::array());
  return std::any_of(owners.begin(), owners.end(), [&](const json& owner) { return TextAt(owner, "uid") == uid; });
}

}  // namespace

std::optional<ApiPath> ParseApiPath(const std::vector<std::string>& segments) {
  const bool core = !segments.empty() && segments[0] == "api";
  const std::size_t start = core ? 2 : 3;
  if (segments.size() <= start || (!core && segments[0] != "apis")) return std::nullopt;
  ApiPath path;
  path.api_version = core ? segments[1] : segments[1] + "/" + segments[2];
  std::vector<std::string> rest(segments.begin() + static_cast<std::ptrdiff_t>(start), segments.end());
  if (rest.size() > 2 && rest[0] == "namespaces") {
    path.name_space = rest[1];
    rest.erase(rest.begin(), rest.begin() + 2);
  }
  if (rest.size() > 3) return std::nullopt;
  rest.resize(3);
  path.plural = rest[0];
  path.name = rest[1];
  path.subresource = rest[2];
  return path;
}

ApiAnswer ApiProblem(int status, const std::string& reason, const std::string& message) {
  return {status,
          {{"apiVersion", "v1"},
           {"kind", "Status"},
           {"metadata", json::object()},
           {"status", "Failure"},
           {"code", status},
           {"reason", reason},
           {"message", message}}};
}

ApiObjects::Stored* ApiObjects::Find(const ApiPath& path) {
  auto& collection = collections_[CollectionOf(path)];
  const auto found = collection.find({path.name_space, path.name});
  return found == collection.end() ? nullptr : &found->second;
}

void ApiObjects::Record(const std::string& collection, json before, json after) {
  history_.push_back({version_, collection, std::move(before), std::move(after)});
  ++writes_;
  grown_.NotifyAll();
}

ApiAnswer ApiObjects::Get(const ApiPath& path) const {
  const MutexLock lock(mutex_);
  const auto collection = collections_.find(CollectionOf(path));
  if (collection == collections_.end()) return NotFound(path);
  const auto found = collection->second.find({path.name_space, path.name});
  return found == collection->second.end() ? NotFound(path) : ApiAnswer{200, found->second.object};
}

ApiAnswer ApiObjects::List(const ApiPath& path, const ApiQuery& query) {
  const MutexLock lock(mutex_);
  Pages rest;
  if (!query.continue_token.empty()) {
    const auto found = pages_.find(query.continue_token);
    if (found == pages_.end()) return ApiProblem(410, "Expired", "The provided continue parameter is too old");
    rest = found->second;
  } else {
    if (!query.resource_version.empty() && std::stoull(query.resource_version) > version_) {
      return ApiProblem(504, "Timeout", "Too large resource version: " + query.resource_version);
    }
    rest.version = version_;
    for (const auto& [key, stored] : collections_[CollectionOf(path)]) {
      if (Matches(stored.object, path, query)) rest.objects.push_back(stored.object);
    }
  }
  json items = json::array();
  const std::size_t count = query.limit == 0 ? rest.objects.size() : std::min(query.limit, rest.objects.size());
  for (std::size_t i = 0; i < count; ++i) items.push_back(rest.objects[i]);
  json metadata = {{"resourceVersion", std::to_string(rest.version)}};
  if (count < rest.objects.size()) {
    rest.objects.erase(rest.objects.begin(), rest.objects.begin() + static_cast<std::ptrdiff_t>(count));
    metadata["continue"] = "page-" + std::to_string(++tokens_);
    pages_["page-" + std::to_string(tokens_)] = std::move(rest);
  }
  return {200, {{"apiVersion", path.api_version}, {"kind", "List"}, {"metadata", metadata}, {"items", items}}};
}

ApiAnswer ApiObjects::Create(const ApiPath& path, json object) {
  const MutexLock lock(mutex_);
  json& metadata = Metadata(object);
  if (TextAt(metadata, "name").empty() && !TextAt(metadata, "generateName").empty()) {
    metadata["name"] = TextAt(metadata, "generateName") + std::to_string(uids_ + 1);
  }
  ApiPath own = path;
  own.name = TextAt(metadata, "name");
  if (own.name.empty()) return ApiProblem(422, "Invalid", "metadata.name: Required value");
  if (!TextAt(metadata, "resourceVersion").empty()) {
    return ApiProblem(400, "BadRequest", "resourceVersion should not be set on objects to be created");
  }
  if (Find(own) != nullptr) {
    return ApiProblem(409, "AlreadyExists", own.plural + " \"" + own.name + "\" already exists");
  }
  if (!path.name_space.empty()) metadata["namespace"] = path.name_space;
  metadata["uid"] = "00000000-0000-0000-0000-" + std::to_string(1'000'000'000'000 + ++uids_).substr(1);
  metadata["creationTimestamp"] = FormatTimestamp(RealClock().Now());
  metadata["generation"] = 1;
  metadata["resourceVersion"] = std::to_string(++version_);
  collections_[CollectionOf(path)][{path.name_space, own.name}] = {object, {}};
  Record(CollectionOf(path), nullptr, object);
  if (std::any_of(gone_.begin(), gone_.end(), [&](const std::string& uid) { return IsOwnedBy(object, uid); })) {
    Remove(CollectionOf(path), {path.name_space, own.name});
  }
  return {201, std::move(object)};
}

// Stores `wanted` in place of what is there, as far as the path's part of the object goes.
ApiAnswer ApiObjects::Put(const ApiPath& path, Stored& stored, json wanted) {
  const json before = stored.object;
  json after = before;
  if (!path.subresource.empty()) {
    after[path.subresource] = wanted.value(path.subresource, json::object());
  } else {
    after = std::move(wanted);
    if (before.contains("status")) after["status"] = before["status"];
    for (const char* own :
         {"uid", "creationTimestamp", "deletionTimestamp", "generation", "resourceVersion", "namespace", "name"}) {
      if (before["metadata"].contains(own)) after["metadata"][own] = before["metadata"][own];
    }
  }
  if (after == before) return {200, before};
  if (after.value("spec", json()) != before.value("spec", json())) {
    after["metadata"]["generation"] = before["metadata"]["generation"].get<int>() + 1;
  }
  after["metadata"]["resourceVersion"] = std::to_string(++version_);
  stored.object = after;
  Record(CollectionOf(path), before, after);
  const bool unfinished = !after["metadata"].value("finalizers", json::array()).empty();
  if (after["metadata"].contains("deletionTimestamp") && !unfinished) {
    Remove(CollectionOf(path), {path.name_space, path.name});
  }
  return {200, std::move(after)};
}

ApiAnswer ApiObjects::Replace(const ApiPath& path, json object) {
  const MutexLock lock(mutex_);
  Stored* stored = Find(path);
  if (stored == nullptr) return NotFound(path);
  const std::string version = TextAt(Metadata(object), "resourceVersion");
  if (!version.empty() && version != TextAt(stored->object["metadata"], "resourceVersion")) {
    return Conflict(path, "the object has been modified");
  }
  return Put(path, *stored, std::move(object));
}

ApiAnswer ApiObjects::MergePatch(const ApiPath& path, const json& patch) {
  const MutexLock lock(mutex_);
  Stored* stored = Find(path);
  if (stored == nullptr) return NotFound(path);
  const std::string version = TextAt(patch.value("metadata", json::object()), "resourceVersion");
  if (!version.empty() && version != TextAt(stored->object["metadata"], "resourceVersion")) {
    return Conflict(path, "the object has been modified");
  }
  json wanted = stored->object;
  wanted.merge_patch(patch);
  return Put(path, *stored, std::move(wanted));
}

ApiAnswer ApiObjects::Apply(const ApiPath& path, const json& object, const std::string& manager) {
  {
    const MutexLock lock(mutex_);
    if (Stored* stored = Find(path)) {
      const std::string uid = TextAt(object.value("metadata", json::object()), "uid");
      if (!uid.empty() && uid != TextAt(stored->object["metadata"], "uid")) return Conflict(path, "another uid");
      json wanted = stored->object;
      json& applied = stored->applied[manager + "/" + path.subresource];
      if (applied.is_object()) TakeBack(wanted, applied, object);
      Overlay(wanted, object);
      applied = object;
      return Put(path, *stored, std::move(wanted));
    }
  }
  if (!path.subresource.empty()) return NotFound(path);
  ApiAnswer made = Create(path, object);
  const MutexLock lock(mutex_);
  if (Stored* stored = Find(path)) stored->applied[manager + "/"] = object;
  return made;
}

ApiAnswer ApiObjects::Delete(const ApiPath& path, const json& options) {
  const MutexLock lock(mutex_);
  Stored* stored = Find(path);
  if (stored == nullptr) return NotFound(path);
  const json wanted = options.value("preconditions", json::object());
  for (const char* field : {"uid", "resourceVersion"}) {
    const std::string value = TextAt(wanted, field);
    if (!value.empty() && value != TextAt(stored->object["metadata"], field)) {
      return Conflict(path, std::string("the ") + field + " in the precondition does not match");
    }
  }
  const bool unfinished = !stored->object["metadata"].value("finalizers", json::array()).empty();
  if (unfinished) {
    if (stored->object["metadata"].contains("deletionTimestamp")) return {200, stored->object};
    json going = stored->object;
    going["metadata"]["deletionTimestamp"] = FormatTimestamp(RealClock().Now());
    return Put(path, *stored, std::move(going));
  }
  const json gone = stored->object;
  Remove(CollectionOf(path), {path.name_space, path.name});
  return {200, gone};
}

void ApiObjects::Remove(const std::string& collection, const Key& key) {
  const auto found = collections_[collection].find(key);
  json last = std::move(found->second.object);
  collections_[collection].erase(found);
  last["metadata"]["resourceVersion"] = std::to_string(++version_);
  const std::string uid = TextAt(last["metadata"], "uid");
  Record(collection, std::move(last), nullptr);
  gone_.insert(uid);
  RemoveDependents(uid);
}

void ApiObjects::RemoveDependents(const std::string& uid) {
  std::vector<std::pair<std::string, Key>> dependents;
  for (const auto& [collection, objects] : collections_) {
    for (const auto& [key, stored] : objects) {
      if (IsOwnedBy(stored.object, uid)) dependents.emplace_back(collection, key);
    }
  }
  for (const auto& [collection, key] : dependents) {
    if (collections_[collection].contains(key)) Remove(collection, key);
  }
}

std::optional<std::vector<ApiEvent>> ApiObjects::After(const ApiPath& path, const ApiQuery& query,
                                                       std::uint64_t version, Duration patience) {
  MutexLock lock(mutex_);
  if (version < horizon_) return std::nullopt;
  grown_.WaitFor(mutex_, patience, [&]() REQUIRES(mutex_) { return version_ > version; });
  if (version < horizon_) return std::nullopt;
  std::vector<ApiEvent> events;
  const auto first = std::upper_bound(history_.begin(), history_.end(), version,
                                      [](std::uint64_t value, const Change& change) { return value < change.version; });
  for (auto change = first; change != history_.end(); ++change) {
    if (change->collection != CollectionOf(path)) continue;
    const bool was = Matches(change->before, path, query);
    const bool is = Matches(change->after, path, query);
    if (!was && !is) continue;
    // An object that leaves the selection is told as it was, at the version of the change.
    json object = is ? change->after : change->before;
    object["metadata"]["resourceVersion"] = std::to_string(change->version);
    events.push_back({change->version, !is ? "DELETED" : was ? "MODIFIED" : "ADDED", std::move(object)});
  }
  return events;
}

void ApiObjects::ForgetHistory() {
  const MutexLock lock(mutex_);
  // Versions up to now are too old, so that every watch from one of them is told so.
  horizon_ = ++version_;
  history_.clear();
  pages_.clear();
  grown_.NotifyAll();
}

std::uint64_t ApiObjects::version() const {
  const MutexLock lock(mutex_);
  return version_;
}

std::uint64_t ApiObjects::writes() const {
  const MutexLock lock(mutex_);
  return writes_;
}

}  // namespace eoa
