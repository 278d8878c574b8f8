// Node: one value of a job file, with the place where it stands. What YAML and JSON have in common, and no more.
//
// Depth and size of a tree are bounded by whoever makes it (read_yaml.h, json_document.h), so recursion over it is
// safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/document/mistake.h"

namespace eoa::api {

inline constexpr int kMaxDepth = 64;
inline constexpr std::size_t kMaxNodes = 20'000;
inline constexpr std::size_t kMaxKeyBytes = 256;
inline constexpr std::size_t kMaxDocumentBytes = std::size_t{1} << 20;

struct Entry;

struct Node {
  enum class Kind {
    kNull,
    kBoolean,
    kInteger,
    kNumber,  // finite
    kString,
    kMapping,
    kSequence,
    kRefused,  // a mistake was noted already; readers pass over it
  };

  Kind kind = Kind::kNull;
  Mark mark;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;           // kInteger: the same value, rounded to a double
  std::string text;            // strings: their value; other scalars: as written
  std::vector<Entry> entries;  // kMapping: in order, keys unique
  std::vector<Node> items;     // kSequence
};

struct Entry {
  std::string key;
  Mark mark;  // of the key
  Node value;
};

// False when `text` holds one of the few characters that JSON prints as they are but YAML cannot hold or folds: C1
// controls, line and paragraph separators, byte order marks, non-characters. Job files do without them, so every JSON
// text of ours is YAML too.
bool IsYamlSafe(std::string_view text);

// "a mapping", "a list", "an integer", ...
std::string KindName(Node::Kind kind);

}  // namespace eoa::api
