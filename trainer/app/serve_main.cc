#include "trainer/app/serve_main.h"

#include <csignal>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "common/base/file_system.h"
#include "common/words/exit_code.h"
#include "trainer/agent/agent.h"
#include "trainer/agent/status_page.h"
#include "trainer/agent/stop_signals.h"

namespace eoa {

int ServeMain(int argc, char** argv) {
  std::string directory;
  std::string address;
  std::string keys;
  int port = 0;
  CLI::App app("Give the files of a pod's directory to `eoa fetch`.", "eoa-trainer serve");
  app.add_option("--directory", directory, "The directory.")->required()->envname("EOA_DIRECTORY");
  app.add_option("--address", address, "The pod's IP address.")->required()->envname("EOA_ADDRESS");
  app.add_option("--port", port, "The port to listen on.")->required()->check(CLI::Range(0, 65535));
  app.add_option("--fetch-keys", keys, "A file with the pod's annotations, which say who may fetch.")
      ->required()
      ->envname("EOA_FETCH_KEYS");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? CommandExit::kOk : CommandExit::kWrongUsage;
  }
  agent::BlockStopSignals();
  const agent::FilePage files(directory, keys, RealFileSystem());
  const auto server = agent::ServeFiles(agent::AnyAddressLike(address) + ":" + std::to_string(port), files);
  if (!server.ok()) {
    std::cerr << "eoa-trainer serve: " << server.error().message() << "\n";
    return CommandExit::kFailed;
  }
  const sigset_t signals = agent::StopSignals();
  int signal = 0;
  ::sigwait(&signals, &signal);
  return CommandExit::kOk;
}

}  // namespace eoa
