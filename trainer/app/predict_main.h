// `eoa-trainer-worker predict`, which `eoa predict` starts. Flags and wiring.
#pragma once

namespace eoa {

// Exit code: 0 all images were predicted, 1 some or all were not, 2 wrong usage. The first argument is "predict".
int PredictMain(int argc, char** argv);

}  // namespace eoa
