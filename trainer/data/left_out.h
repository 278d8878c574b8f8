// LeftOut: what lies in a data set's folders and is no part of it, counted so that nothing is left out in silence.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace eoa::train {

// Some things of one kind: how many, and the path of the first.
struct Counted {
  std::uint64_t count = 0;
  std::string first;

  void Add(const std::string& path) {
    if (count++ == 0) first = path;
  }
};

// Thread-safety: a plain value.
struct LeftOut {
  Counted files;                               // of other kinds
  std::map<std::string, std::uint64_t> kinds;  // of them, by ending: ".bmp"
  Counted strays;                              // images that lie in no class's folder
  Counted folders;                             // within classes
  Counted dangling;                            // links to nothing
  Counted special;                             // pipes, sockets, devices
  std::vector<std::string> empty_classes;      // folders without anything in them

  void AddFile(const std::string& path);
  void Add(const LeftOut& more);

  // "12 files of other kinds (10 .bmp, 2 .txt; the first is a/1.bmp), 1 link to nothing (b/x.jpg)"; empty for nothing.
  std::string ToString() const;
};

}  // namespace eoa::train
