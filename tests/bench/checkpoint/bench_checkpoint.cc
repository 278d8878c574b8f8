// bench_checkpoint DIRECTORY MEBIBYTES: for each line read, writes a checkpoint of that size, durably, and prints the
// seconds that took. checkpoint.py runs it side by side with dd.
#include <chrono>
#include <iostream>
#include <string>

#include "trainer/checkpoint/checkpoint.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: bench_checkpoint DIRECTORY MEBIBYTES\n";
    return 2;
  }
  using eoa::train::ElementType;
  // Eight arrays of numbers that do not compress.
  const std::size_t bytes = std::stoul(argv[2]) << 17;
  std::string data(bytes, '\0');
  std::uint64_t state = 88172645463325252;
  for (char& byte : data) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<char>(state);
  }
  std::vector<eoa::train::NamedArray> arrays;
  for (int i = 0; i < 8; ++i) {
    arrays.push_back({.name = "array" + std::to_string(i),
                      .type = ElementType::kFloat32,
                      .shape = {static_cast<std::int64_t>(bytes / 4)},
                      .data = data});
  }
  const eoa::train::CheckpointDirectory directory(eoa::RealFileSystem(), argv[1]);
  int generation = 0;
  for (std::string line; std::getline(std::cin, line); ++generation) {
    const auto start = std::chrono::steady_clock::now();
    const eoa::Status saved = directory.Save(generation, "weights", arrays, {});
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (!saved.ok()) {
      std::cerr << saved.error().ToString() << "\n";
      return 1;
    }
    std::cout << took.count() << std::endl;
    if (!directory.Prune(generation, 0).ok()) return 1;
  }
  return 0;
}
