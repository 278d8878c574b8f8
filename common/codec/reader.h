// Reader: fills a value from a JSON object, field by field, and remembers the first thing wrong with it. Fields that
// nobody asks for are ignored: a newer peer may send more.
#pragma once

#include <optional>
#include <string>

#include "common/base/error.h"
#include "common/codec/visitor.h"

namespace eoa::codec {

class Reader final : public Visitor {
 public:
  // kTolerant: what is missing, of another type or out of bounds keeps its default, and there is no error. Only
  // elements of a list that are no objects, or lack a Word that is known, are left out.
  enum class Mode { kStrict, kTolerant };

  // `object` must outlive the reader. `where` starts the messages: "report.members[2]"; empty: Type says it.
  explicit Reader(const nlohmann::json& object, Mode mode = Mode::kStrict, std::string where = {});

  const std::optional<Error>& error() const { return error_; }
  bool other_kind() const { return other_kind_; }  // the object is another alternative than Kind said

  void Kind(std::string_view path, std::string_view kind) override;
  void Type(std::string_view path, std::string_view schema, std::string_view about) override;
  void Constant(std::string_view name, std::string_view value, std::string_view about) override;
  void Constant(std::string_view name, std::int64_t value) override;
  void Bool(std::string_view name, bool& value, std::string_view about) override;
  void Any(std::string_view name, nlohmann::json& value) override;
  void Integers(std::string_view name, std::vector<int>& list, const IntegerSpec& spec,
                std::string_view about) override;
  void Numbers(std::string_view name, std::vector<double>& list, const NumberSpec& spec,
               std::string_view about) override;
  void Texts(std::string_view name, std::vector<std::string>& list, std::string_view about) override;
  void Check(std::string_view name, bool holds, std::string_view what) override;

 private:
  void OnInteger(const Field& field, const IntegerSpec& spec, std::optional<std::int64_t>& value) override;
  void OnNumber(const Field& field, const NumberSpec& spec, std::optional<double>& value) override;
  void OnText(const Field& field, const TextSpec& spec, std::optional<std::string>& value) override;
  void OnTime(const Field& field, std::optional<WallTime>& value) override;
  void OnObject(const Field& field, bool& there, const std::function<void(Visitor&)>& visit) override;
  void OnObjects(const Field& field, const ListSpec& spec, const List& list) override;

  // Null when it is missing or null, which is an error if it must be there, or when something was wrong before.
  const nlohmann::json* Find(std::string_view name, Presence presence);
  const nlohmann::json* FindArray(std::string_view name, std::size_t least, std::string_view of);
  void CheckIsObject();
  bool TakeText(const Field& field, const TextSpec& spec, std::optional<std::string>& value);
  void Fail(std::string_view name, const std::string& what);
  void Adopt(const Reader& inner);
  std::optional<std::int64_t> Whole(std::string_view name, const nlohmann::json& value, const IntegerSpec& spec);
  std::optional<double> Real(std::string_view name, const nlohmann::json& value, const NumberSpec& spec);
  std::string PathOf(std::string_view name) const;

  const nlohmann::json& object_;
  const Mode mode_;
  std::string where_;
  std::optional<Error> error_;
  bool other_kind_ = false;
  bool lacks_word_ = false;
};

}  // namespace eoa::codec
