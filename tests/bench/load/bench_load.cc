// bench_load MODEL FILE ROUNDS THREADS: fills a network from a checkpoint of Google's layout, and reads the same file
// from the page cache, in turn. Prints a line for each round: seconds of the filling, seconds of the reading; then by
// how many bytes filling raised the greatest resident memory. load.py makes the file and judges.
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "trainer/data/read_only_file.h"
#include "trainer/model/keep_memory.h"
#include "trainer/model/model.h"
#include "trainer/pretrained/load_pretrained.h"

namespace eoa::train {
namespace {

constexpr int kClasses = 10;

std::int64_t PeakBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmHWM:") continue;
    std::int64_t kibibytes = 0;
    status >> kibibytes;
    return kibibytes << 10;
  }
  return 0;
}

// Into memory that is there already, as the network's is.
Status ReadAll(const std::string& path, std::vector<std::uint8_t>& bytes) {
  EOA_ASSIGN_OR_RETURN(const ReadOnlyFile file, ReadOnlyFile::Open(path));
  bytes.resize(file.size());
  return file.ReadAt(0, bytes);
}

Result<double> Timed(const std::function<Status()>& work) {
  const auto start = std::chrono::steady_clock::now();
  EOA_RETURN_IF_ERROR(work());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Status Run(const std::string& name, const std::string& path, int rounds) {
  api::TrainerSpec spec;
  spec.model.name = name;
  spec.model.image_size = 224;
  spec.model.pretrained = path;
  EOA_ASSIGN_OR_RETURN(const std::unique_ptr<Model> model, MakeModel(spec, kClasses, 1));
  std::vector<std::uint8_t> bytes;
  EOA_RETURN_IF_ERROR(ReadAll(path, bytes));
  const std::int64_t before = PeakBytes();
  for (int i = 0; i < rounds; ++i) {
    EOA_ASSIGN_OR_RETURN(const double load, Timed([&] { return LoadPretrained(spec, model->parameters()); }));
    EOA_ASSIGN_OR_RETURN(const double read, Timed([&] { return ReadAll(path, bytes); }));
    std::cout << load << " " << read << "\n";
  }
  std::cout << PeakBytes() - before << std::endl;
  return OkStatus();
}

}  // namespace
}  // namespace eoa::train

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: bench_load MODEL FILE ROUNDS THREADS\n";
    return 2;
  }
  eoa::train::KeepFreedMemory();  // as the worker does
  at::set_num_threads(std::stoi(argv[4]));
  const eoa::Status status = eoa::train::Run(argv[1], argv[2], std::stoi(argv[3]));
  if (!status.ok()) std::cerr << status.error().ToString() << "\n";
  return status.ok() ? 0 : 1;
}
