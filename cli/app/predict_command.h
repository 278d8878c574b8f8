// `eoa predict DIR IMAGE...`: what the model of a run says about images. The worker's program does it, which computes.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "common/base/file_system.h"

namespace eoa::app {

struct PredictOptions {
  std::string directory;  // output directory of a run
  std::vector<std::string> images;
  int top = 5;
  bool json = false;
  std::string worker;  // empty: eoa-trainer-worker beside this program
};

// 0: all images were predicted; 1: not, with the reasons on `err`. Predictions go to the program's standard output.
int Predict(const PredictOptions& options, FileSystem& files, std::ostream& err);

}  // namespace eoa::app
