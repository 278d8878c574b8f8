// `eoa export DIR --format FORMAT`: the model of a run for another library. The trainer's program does it, which knows
// models and their files.
#pragma once

#include <ostream>
#include <string>

#include "common/base/file_system.h"

namespace eoa::app {

struct ExportOptions {
  std::string directory;  // output directory of a run, or a model.safetensors
  std::string format;
  std::string output;   // empty: beside the model, named after the format
  std::string trainer;  // empty: eoa-trainer beside this program
};

// 0: written; 1: not, with the reason on `err`; 2: wrong usage.
int Export(const ExportOptions& options, FileSystem& files, std::ostream& out, std::ostream& err);

}  // namespace eoa::app
