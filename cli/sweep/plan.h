// The runs that a sweep consists of. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/sweep/sweep_file.h"
#include "common/job/job.h"

namespace eoa::sweep {

// One arm with one value of each axis; its runs differ in the seed alone.
struct Variant {
  std::string name;  // "cosine, baseLearningRate 0.05": for people, unique
  std::string id;    // "cosine-baselearningrate-0-05": for files, unique; does not depend on the other variants
  std::string arm;
  std::vector<nlohmann::ordered_json> values;  // of the axes, in their order
  std::optional<std::size_t> reference;        // the variant that it is compared with; none: it is one itself
  nlohmann::ordered_json document;             // the job, as its author would have written it, but for the seed
  api::Job job;                                // the same, complete
};

struct PlannedRun {
  std::string id;  // "cosine-baselearningrate-0-05-s1"; stays the same while the sweep file gets longer
  std::size_t variant = 0;
  std::int64_t seed = 0;
};

struct Plan {
  std::string name;               // the sweep's
  std::vector<std::string> axes;  // labels
  std::vector<Variant> variants;  // by arm, then by the values in the order of the file
  std::vector<PlannedRun> runs;   // by seed, then by variant: whatever is done first can be compared
};

struct PlanOutcome {
  std::optional<Plan> plan;            // set exactly when `mistakes` is empty
  std::vector<api::Mistake> mistakes;  // of the sweep file: changes that make no valid job, too many variants, ...
};

inline constexpr std::size_t kMostVariants = 1000;

// `document` is the job file that the sweep names, a valid job, as its author wrote it.
PlanOutcome Expand(const Sweep& sweep, const nlohmann::ordered_json& document);

// The job of one run: its variant's with seed and a name of its own.
api::Job JobOf(const Plan& plan, const PlannedRun& run);
nlohmann::ordered_json DocumentOf(const Plan& plan, const PlannedRun& run);

// What trains each run: passes over the training set, all populations together; or images, where the job counts steps.
struct Trained {
  std::optional<double> passes;
  std::optional<double> images;
};
Trained TrainedBy(const api::JobSpec& spec);

// "24 passes", "46080 images".
std::string ToText(const Trained& trained);

}  // namespace eoa::sweep
