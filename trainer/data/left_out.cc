#include "trainer/data/left_out.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "trainer/data/image_file.h"

namespace eoa::train {
namespace {

constexpr std::size_t kMostNamed = 5;

// "1 folder within a class (a/b)", "3 folders within classes (the first is a/b)".
std::string Text(const Counted& things, const std::string& one, const std::string& many) {
  if (things.count == 1) return "1 " + one + " (" + things.first + ")";
  return std::to_string(things.count) + " " + many + " (the first is " + things.first + ")";
}

std::string KindsText(const std::map<std::string, std::uint64_t>& kinds) {
  std::vector<std::pair<std::string, std::uint64_t>> by_count(kinds.begin(), kinds.end());
  std::ranges::stable_sort(by_count, std::greater<>(), &std::pair<std::string, std::uint64_t>::second);
  std::string text;
  for (std::size_t i = 0; i < std::min(by_count.size(), kMostNamed); ++i) {
    text += (text.empty() ? "" : ", ") + std::to_string(by_count[i].second) + " " + by_count[i].first;
  }
  return text + (by_count.size() > kMostNamed ? " and others" : "");
}

std::string ClassesText(const std::vector<std::string>& names) {
  std::string text = std::to_string(names.size()) + (names.size() == 1 ? " empty folder (" : " empty folders (");
  for (std::size_t i = 0; i < std::min(names.size(), kMostNamed); ++i) text += (i == 0 ? "" : ", ") + names[i];
  return text + (names.size() > kMostNamed ? " and others)" : ")");
}

}  // namespace

void LeftOut::AddFile(const std::string& path) {
  files.Add(path);
  std::string ending = LowerCaseEnding(path);
  ++kinds[ending.empty() ? "without an ending" : std::move(ending)];
}

void LeftOut::Add(const LeftOut& more) {
  for (const auto& [mine, others] :
       {std::pair(&files, &more.files), std::pair(&strays, &more.strays), std::pair(&folders, &more.folders),
        std::pair(&dangling, &more.dangling), std::pair(&special, &more.special)}) {
    if (mine->count == 0) mine->first = others->first;
    mine->count += others->count;
  }
  for (const auto& [kind, count] : more.kinds) kinds[kind] += count;
  empty_classes.insert(empty_classes.end(), more.empty_classes.begin(), more.empty_classes.end());
}

std::string LeftOut::ToString() const {
  std::vector<std::string> parts;
  if (files.count > 0) {
    parts.push_back(std::to_string(files.count) + (files.count == 1 ? " file" : " files") + " of other kinds (" +
                    KindsText(kinds) + "; the first is " + files.first + ")");
  }
  if (strays.count > 0) parts.push_back(Text(strays, "image outside of a class", "images outside of classes"));
  if (folders.count > 0) parts.push_back(Text(folders, "folder within a class", "folders within classes"));
  if (dangling.count > 0) parts.push_back(Text(dangling, "link to nothing", "links to nothing"));
  if (special.count > 0) parts.push_back(Text(special, "pipe or device", "pipes or devices"));
  if (!empty_classes.empty()) parts.push_back(ClassesText(empty_classes));
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace eoa::train
