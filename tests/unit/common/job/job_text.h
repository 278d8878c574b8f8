// A small valid job whose lines tests replace.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace eoa::api {

// Line N of the text is JobLines()[N - 1].
inline const std::vector<std::string>& JobLines() {
  static const std::vector<std::string> lines = {
      "apiVersion: eoa.io/v1alpha1",
      "kind: EOAJob",
      "metadata:",
      "  name: cifar10",
      "spec:",
      "  trainer:",
      "    model: {name: wrn-16-8}",
      "    dataset: {name: cifar10, path: /data/cifar10}",
      "  populations:",
      "  - {name: wolves, algorithm: {name: GreyWolf}, members: 4}",
      "  - {name: whales, algorithm: {name: Whale}, members: 4}",
      "",  // 12: room for more of spec
      "",
  };
  return lines;
}

// The text with some lines, counted from 1, replaced.
inline std::string JobText(const std::map<int, std::string>& replacements = {}) {
  std::string text;
  for (std::size_t i = 0; i < JobLines().size(); ++i) {
    const auto replacement = replacements.find(static_cast<int>(i) + 1);
    text += (replacement == replacements.end() ? JobLines()[i] : replacement->second) + "\n";
  }
  return text;
}

}  // namespace eoa::api
