#include "operator/cluster/storage_classes.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "common/base/json_access.h"
#include "common/base/log.h"

namespace eoa::cluster {
namespace {

constexpr Duration kHolds = std::chrono::minutes(1);

// That takes claims which name no class, and makes volumes for them. One without a provisioner only hands out volumes that
// somebody has made, of sizes that somebody has chosen.
bool IsDefault(const nlohmann::json& storage_class) {
  if (TextAt(storage_class, "provisioner") == "kubernetes.io/no-provisioner") return false;
  constexpr auto kMarks = std::to_array<std::string_view>(
      {"storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"});
  return std::ranges::any_of(kMarks, [&](std::string_view mark) {
    return TextAt(At(storage_class, "metadata", "annotations"), mark) == "true";
  });
}

}  // namespace

bool StorageClasses::HasDefault() {
  const SteadyTime now = clock_.SteadyNow();
  {
    const MutexLock lock(mutex_);
    if (asked_ && now - asked_at_ < kHolds) return has_default_;
  }
  const Result<kube::ObjectList> classes = client_.List(kube::kStorageClasses, {});
  const MutexLock lock(mutex_);
  if (!classes.ok()) {
    if (!asked_) {
      Log(LogLevel::kWarning, "cannot see whether there is a default StorageClass; jobs without a claim get none",
          {{"error", classes.error().ToString()}});
    }
  } else {
    has_default_ = std::ranges::any_of(classes->items, IsDefault);
  }
  asked_ = true;
  asked_at_ = now;
  return has_default_;
}

}  // namespace eoa::cluster
