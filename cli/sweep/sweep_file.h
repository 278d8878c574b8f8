// A sweep file: which jobs to make of one, and how to compare them (docs/sweep.md). Read as job files are, by the same
// tables: all mistakes at once, each with line, field, value and what is allowed. Pure; bounded whatever the text is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/sweep/field_path.h"
#include "common/document/mistake.h"

namespace eoa::sweep {

// A field of the job, and what it is set to.
struct Change {
  FieldPath path;
  nlohmann::ordered_json value;
};

// A named set of changes.
struct Arm {
  std::string name;  // empty: the only arm of a sweep that names none
  std::vector<Change> changes;
  api::Mark mark;  // where the file has it
};

// A field with several values: one line of the matrix.
struct Axis {
  std::string field;  // as written
  std::string label;  // its last name, or all of it where another axis ends alike
  FieldPath path;
  std::vector<nlohmann::ordered_json> values;  // at least one
  api::Mark mark;
};

struct Sweep {
  std::string name;
  std::string job;           // the job file, relative to the sweep file
  std::string compare_with;  // an arm, or what Expand() calls a variant; empty: the first
  int first_seed = 1;
  int seeds = 3;           // that many, counted up
  int parallel = 0;        // runs at once; 0: what suits the cores
  int budget_seconds = 0;  // 0: no limit
  int budget_runs = 0;     // 0: no limit
  std::vector<Arm> arms;   // at least one
  std::vector<Axis> matrix;
};

struct SweepOutcome {
  std::optional<Sweep> sweep;          // set exactly when `mistakes` is empty
  std::vector<api::Mistake> mistakes;  // by line and column
};

SweepOutcome ReadSweep(std::string_view text);

}  // namespace eoa::sweep
