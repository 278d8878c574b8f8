#pragma once

namespace eoa {

// eoa-trainer serve: gives the files of a pod's directory to `eoa fetch` when no agent runs there, until SIGTERM.
int ServeMain(int argc, char** argv);

}  // namespace eoa
