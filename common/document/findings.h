// Findings: what was noticed while one job was read, and where its fields stand.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/document/mistake.h"

namespace eoa::api {

// Collects mistakes and warnings (at most kMaxMistakes of each) by field path. Thread-safety: none.
class Findings {
 public:
  // The file gives `field`, there.
  void NotePlace(const std::string& field, Mark mark) { places_[field] = mark; }

  // Does the file give it? (Else it has its default.)
  bool Given(std::string_view field) const { return places_.contains(field); }

  // A mistake at the field's place; of one that is not given, at the nearest given field around it.
  void Refuse(const std::string& field, std::string_view value, std::string message);
  void RefuseAt(Mark mark, const std::string& field, std::string_view value, std::string message);
  void Warn(const std::string& field, std::string_view value, std::string message);

  // Is one of these fields, or a field inside or around it, wrong already? Then a rule over them would only add noise.
  bool AnyWrong(std::initializer_list<std::string_view> fields) const;

  bool full() const { return mistakes_.size() >= kMaxMistakes; }

  // By line and column.
  std::vector<Mistake> TakeMistakes();
  std::vector<Mistake> TakeWarnings();

 private:
  Mark PlaceOf(std::string_view field) const;

  std::map<std::string, Mark, std::less<>> places_;
  std::vector<Mistake> mistakes_;
  std::vector<Mistake> warnings_;
};

}  // namespace eoa::api
