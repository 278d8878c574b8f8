#include "cli/sweep/plan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "common/base/checksum.h"
#include "common/base/hex.h"
#include "common/base/json_guard.h"
#include "common/base/number.h"
#include "common/job/read_job.h"

namespace eoa::sweep {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kLongestId = 48;         // of a variant
constexpr std::size_t kLongestJobName = 63;    // a DNS label
constexpr std::size_t kLongestValueText = 60;  // in names

std::string ValueText(const ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "default";
  return value.is_number_float() ? FormatNumber(value.get<double>()) : DumpJson(value);
}

// Cut to `most` bytes; what was cut off still tells two of them apart.
std::string Fit(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  const std::string mark = "-" + HexNumber(Crc32(text), 8);
  return text.substr(0, most - mark.size()) + mark;
}

// Small letters, digits, and single '-' between them.
std::string Slug(std::string_view text) {
  std::string slug;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (kept) slug += c;
    if (!kept && !slug.empty() && slug.back() != '-') slug += '-';
  }
  while (slug.ends_with('-')) slug.pop_back();
  return slug;
}

class Expansion {
 public:
  Expansion(const Sweep& sweep, const ordered_json& document) : sweep_(sweep), document_(document) {}

  PlanOutcome Run() && {
    plan_.name = sweep_.name;
    for (const Axis& axis : sweep_.matrix) plan_.axes.push_back(axis.label);
    if (CountVariants() > kMostVariants) {
      Refuse({}, "spec", "",
             "makes more than " + std::to_string(kMostVariants) + " variants: take fewer arms, fields or values");
      return {std::nullopt, std::move(mistakes_)};
    }
    for (const Arm& arm : sweep_.arms) AddArm(arm);
    CheckIds();
    if (mistakes_.empty()) FindReferences();
    if (!mistakes_.empty()) return {std::nullopt, std::move(mistakes_)};
    for (int i = 0; i < sweep_.seeds; ++i) AddSeed(std::int64_t{sweep_.first_seed} + i);
    return {std::move(plan_), {}};
  }

 private:
  void Refuse(api::Mark mark, const std::string& field, const std::string& value, const std::string& message) {
    const auto same = [&](const api::Mistake& each) { return each.field == field && each.message == message; };
    if (mistakes_.size() < api::kMaxMistakes && std::ranges::none_of(mistakes_, same)) {
      mistakes_.push_back({mark, field, value.substr(0, kLongestValueText), message});
    }
  }

  std::size_t CountVariants() const {
    std::size_t count = sweep_.arms.size();
    for (const Axis& axis : sweep_.matrix) count = std::min(count * axis.values.size(), kMostVariants + 1);
    return count;
  }

  void AddArm(const Arm& arm) {
    std::vector<std::size_t> chosen(sweep_.matrix.size());
    for (;;) {
      AddVariant(arm, chosen);
      // The next combination; the last axis counts fastest.
      std::size_t axis = chosen.size();
      while (axis > 0 && ++chosen[axis - 1] == sweep_.matrix[axis - 1].values.size()) chosen[--axis] = 0;
      if (axis == 0) return;
    }
  }

  void AddVariant(const Arm& arm, const std::vector<std::size_t>& chosen) {
    Variant variant{
        .name = arm.name, .id = "", .arm = arm.name, .values = {}, .reference = {}, .document = {}, .job = {}};
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      variant.values.push_back(sweep_.matrix[i].values[chosen[i]]);
      variant.name += (variant.name.empty() ? "" : ", ") + sweep_.matrix[i].label + " " + ValueText(variant.values[i]);
    }
    if (variant.name.empty()) variant.name = sweep_.name;
    variant.id = Fit(Slug(variant.name), kLongestId);
    variant.document = document_;
    for (const Change& change : arm.changes)
      Apply(change.path, change.value, arm.mark, ArmField(arm), variant.document);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const Axis& axis = sweep_.matrix[i];
      Apply(axis.path, variant.values[i], axis.mark, "spec.matrix." + axis.field, variant.document);
    }
    Result<api::Job> job = api::JobFromJson(nlohmann::json(variant.document));
    if (job.ok()) {
      variant.job = *std::move(job);
    } else {
      Blame(arm, variant, job.error().message());
    }
    plan_.variants.push_back(std::move(variant));
  }

  std::string ArmField(const Arm& arm) const {
    const auto index = &arm - sweep_.arms.data();
    return "spec.arms[" + std::to_string(index) + "]";
  }

  void Apply(const FieldPath& path, const ordered_json& value, api::Mark mark, const std::string& field,
             ordered_json& document) {
    const Status set = SetField(document, path, value);
    if (!set.ok()) Refuse(mark, field, "", set.error().message());
  }

  // The job is wrong: by the arm alone, by one value alone, or by what they are together.
  void Blame(const Arm& arm, const Variant& variant, const std::string& message) {
    std::string said = "makes no valid job: ";
    for (const char letter : message) said += letter == '\n' ? std::string("; ") : std::string(1, letter);
    ordered_json by_arm = document_;
    for (const Change& change : arm.changes) (void)SetField(by_arm, change.path, change.value);
    if (!api::JobFromJson(nlohmann::json(by_arm)).ok()) return Refuse(arm.mark, ArmField(arm), arm.name, said);
    for (std::size_t i = 0; i < variant.values.size(); ++i) {
      const Axis& axis = sweep_.matrix[i];
      ordered_json by_value = document_;
      (void)SetField(by_value, axis.path, variant.values[i]);
      if (!api::JobFromJson(nlohmann::json(by_value)).ok()) {
        return Refuse(axis.mark, "spec.matrix." + axis.field, ValueText(variant.values[i]), said);
      }
    }
    Refuse(arm.mark, ArmField(arm), variant.name, said);
  }

  void CheckIds() {
    std::map<std::string, const Variant*> seen;
    for (const Variant& variant : plan_.variants) {
      const auto [other, inserted] = seen.emplace(variant.id, &variant);
      if (inserted) continue;
      Refuse({}, "spec", variant.name,
             other->second->name == variant.name ? "occurs twice"
                                                 : "its files would be called as those of '" + other->second->name +
                                                       "': " + variant.id + "; give the arm another name");
    }
  }

  const std::string& ReferenceName() const {
    if (!sweep_.compare_with.empty()) return sweep_.compare_with;
    return sweep_.arms.front().name.empty() ? plan_.variants.front().name : sweep_.arms.front().name;
  }

  void FindReferences() {
    const std::string& name = ReferenceName();
    const bool arm = std::ranges::any_of(sweep_.arms, [&](const Arm& each) { return each.name == name; });
    const bool variant = std::ranges::any_of(plan_.variants, [&](const Variant& each) { return each.name == name; });
    if (!arm && !variant) {
      const bool named = !sweep_.arms.front().name.empty();
      Refuse({}, "spec.compareWith", name,
             std::string("must be ") + (named ? "an arm" : "a variant") + ", such as '" +
                 (named ? sweep_.arms.front().name : plan_.variants.front().name) + "'");
      return;
    }
    for (Variant& each : plan_.variants) {
      const auto is_reference = [&](const Variant& other) {
        return arm ? other.arm == name && other.values == each.values : other.name == name;
      };
      const auto found = std::ranges::find_if(plan_.variants, is_reference);
      if (&*found != &each) each.reference = static_cast<std::size_t>(found - plan_.variants.begin());
    }
  }

  void AddSeed(std::int64_t seed) {
    for (std::size_t i = 0; i < plan_.variants.size(); ++i) {
      plan_.runs.push_back({plan_.variants[i].id + "-s" + std::to_string(seed), i, seed});
    }
  }

  const Sweep& sweep_;
  const ordered_json& document_;
  Plan plan_;
  std::vector<api::Mistake> mistakes_;
};

std::string JobName(const Plan& plan, const PlannedRun& run) { return Fit(plan.name + "-" + run.id, kLongestJobName); }

}  // namespace

PlanOutcome Expand(const Sweep& sweep, const ordered_json& document) { return Expansion(sweep, document).Run(); }

api::Job JobOf(const Plan& plan, const PlannedRun& run) {
  const Variant& variant = plan.variants[run.variant];
  api::Job job = variant.job;
  job.metadata.name = JobName(plan, run);
  job.metadata.uid.clear();
  job.spec.seed = run.seed;
  return job;
}

ordered_json DocumentOf(const Plan& plan, const PlannedRun& run) {
  const Variant& variant = plan.variants[run.variant];
  ordered_json document = variant.document;
  document["metadata"]["name"] = JobName(plan, run);
  document["metadata"].erase("uid");
  document.erase("status");
  document["spec"]["seed"] = run.seed;
  return document;
}

Trained TrainedBy(const api::JobSpec& spec) {
  const double generations = spec.ecosphere.generations;
  const double members = api::EcosphereMembers(spec);
  if (spec.ecosphere.generation_steps > 0) {
    const double images = static_cast<double>(spec.trainer.batch_size_per_member) * spec.trainer.gradient_accumulation;
    return {.passes = std::nullopt, .images = generations * spec.ecosphere.generation_steps * members * images};
  }
  // Members that average gradients share one pass.
  const bool one_world = spec.ecosphere.gradient_scope == api::GradientScope::kEcosphere;
  const double worlds = one_world ? 1 : static_cast<double>(spec.populations.size());
  return {.passes = generations * spec.ecosphere.generation_epochs * worlds, .images = std::nullopt};
}

std::string ToText(const Trained& trained) {
  if (trained.passes) return FormatNumber(*trained.passes) + " passes";
  return trained.images ? std::to_string(std::llround(*trained.images)) + " images" : "-";
}

}  // namespace eoa::sweep
