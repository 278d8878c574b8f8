// `eoa-trainer export`, which `eoa export` starts. Flags and wiring.
#pragma once

namespace eoa {

// Exit code: 0 written, 1 not, 2 wrong usage. The first argument is "export".
int ExportMain(int argc, char** argv);

}  // namespace eoa
