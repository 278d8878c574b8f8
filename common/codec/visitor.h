// How a message, an event or a record says what is in it. Each type has one function that names its fields, in order,
// with their bounds and a phrase for people; whoever reads, writes or describes it is a Visitor that walks along:
//
//   void Fields(codec::Visitor& v, Elected& value) {
//     v.Type("elected", "Elected", "The best member of the ecosphere.");
//     v.Text("population", value.population, {}, "Its population");
//     v.Integer("member", value.member, {0, kMaxMember}, "Its number there");
//   }
//
// common/codec/codec.h turns that into ToJson, FromJson and the schemas of an OpenAPI document. Fields stands
// in the namespace of its type (static if nobody else needs it: one without a name is not looked into). What writes
// hands it a copy, so it may change the value. Thread-safety: none; one owner.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/clock.h"
#include "common/words/word.h"

namespace eoa::codec {

inline constexpr std::size_t kMaxText = 4096;  // characters, unless a field says otherwise
inline constexpr std::size_t kMaxListLength = 4096;
inline constexpr std::int64_t kMaxExact = std::int64_t{1} << 53;  // exact as a JSON number anywhere
inline constexpr double kMaxNumber = std::numeric_limits<double>::max();

enum class Presence {
  kRequired,  // must be there
  kNullable,  // must be there; null stands for "none"
  kOptional,  // may be missing or null, and then keeps its default; "none" is written as null
  kSparse,    // likewise; "none" and an empty text are not written at all
};
using enum Presence;

// Bounds belong to what is allowed.
struct IntegerSpec {
  std::int64_t least = 0;
  std::int64_t most = kMaxExact;
  Presence presence = kRequired;
};
struct NumberSpec {
  double least = -kMaxNumber;  // always finite
  double most = kMaxNumber;
  Presence presence = kRequired;
};
struct TextSpec {
  std::size_t most = kMaxText;  // characters (code points)
  std::size_t least = 0;
  Presence presence = kRequired;
  std::span<const std::string_view> words = {};  // the only ones, unless `others` are taken too; empty: any text
  bool others = false;
};
struct ListSpec {
  std::size_t least = 0;  // at most kMaxListLength
};

struct Field {
  std::string_view name;
  Presence presence;
  std::string_view about;  // for people; may be empty
};

class Visitor {
 public:
  virtual ~Visitor() = default;

  // First of all. `path` starts the messages of errors ("join.pod must be ..."), unless the value is part of another;
  // `schema` is its name in an OpenAPI document; empty: it stands in none.
  virtual void Type(std::string_view path, std::string_view schema = {}, std::string_view about = {}) = 0;

  // As Type, for one alternative of a variant: its `type` in JSON is `kind`.
  virtual void Kind(std::string_view path, std::string_view kind);

  // A field that always has this value.
  virtual void Constant(std::string_view name, std::string_view value, std::string_view about = {}) = 0;
  virtual void Constant(std::string_view name, std::int64_t value) = 0;

  template <std::integral Int>
  void Integer(std::string_view name, Int& value, const IntegerSpec& spec = {}, std::string_view about = {}) {
    std::optional<std::int64_t> wide = static_cast<std::int64_t>(value);
    OnInteger({name, spec.presence, about}, spec, wide);
    if (wide) value = static_cast<Int>(*wide);
  }
  template <std::integral Int>
  void Integer(std::string_view name, std::optional<Int>& value, const IntegerSpec& spec, std::string_view about = {}) {
    std::optional<std::int64_t> wide = value;
    OnInteger({name, spec.presence, about}, spec, wide);
    value = wide ? std::optional(static_cast<Int>(*wide)) : std::nullopt;
  }
  void Number(std::string_view name, double& value, const NumberSpec& spec = {}, std::string_view about = {});
  void Number(std::string_view name, std::optional<double>& value, const NumberSpec& spec, std::string_view about = {});
  void Text(std::string_view name, std::string& value, const TextSpec& spec = {}, std::string_view about = {});
  // One of the words of an enum (common/words/word.h).
  template <typename Enum>
  void Word(std::string_view name, Enum& value, std::string_view about = {}) {
    std::optional<std::string> word{ToWord(value)};
    OnText({name, kRequired, about}, {.words = kWords<Enum>}, word);
    value = FromWord<Enum>(word.value_or("")).value_or(value);
  }
  // The same where a newer peer may have other words: none for those, which is written as the empty text.
  template <typename Enum>
  void KnownWord(std::string_view name, std::optional<Enum>& value, std::string_view about = {}) {
    std::optional<std::string> word{value ? ToWord(*value) : std::string_view()};
    OnText({name, kRequired, about}, {.most = 64, .words = kWords<Enum>, .others = true}, word);
    value = FromWord<Enum>(word.value_or(""));
  }
  template <typename Enum>
  void KnownWord(std::string_view name, Enum& value, std::string_view about = {}) {  // keeps its default for those
    std::optional<Enum> known = value;
    KnownWord(name, known, about);
    value = known.value_or(value);
  }
  void Time(std::string_view name, WallTime& value, std::string_view about = {});
  void Time(std::string_view name, std::optional<WallTime>& value, Presence presence, std::string_view about = {});
  virtual void Bool(std::string_view name, bool& value, std::string_view about = {}) = 0;

  // Any JSON.
  virtual void Any(std::string_view name, nlohmann::json& value) = 0;

  // The elements are within `spec`.
  virtual void Integers(std::string_view name, std::vector<int>& list, const IntegerSpec& spec = {},
                        std::string_view about = {}) = 0;
  virtual void Numbers(std::string_view name, std::vector<double>& list, const NumberSpec& spec = {},
                       std::string_view about = {}) = 0;
  virtual void Texts(std::string_view name, std::vector<std::string>& list, std::string_view about = {}) = 0;

  // Another value with Fields.
  template <typename T>
  void Object(std::string_view name, T& value, std::string_view about = {}) {
    bool there = true;
    OnObject({name, kRequired, about}, there, [&](Visitor& inner) { Fields(inner, value); });
  }
  template <typename T>
  void Object(std::string_view name, std::optional<T>& value, Presence presence, std::string_view about = {}) {
    bool there = value.has_value();
    T inner_value = value ? *std::move(value) : T{};
    OnObject({name, presence, about}, there, [&](Visitor& inner) { Fields(inner, inner_value); });
    value = there ? std::optional(std::move(inner_value)) : std::nullopt;
  }

  // An object that is none in C++: `fields` names what is in it.
  void Group(std::string_view name, const std::function<void(Visitor&)>& fields);

  template <typename T>
  void Objects(std::string_view name, std::vector<T>& list, const ListSpec& spec = {}, std::string_view about = {}) {
    OnObjects({name, kRequired, about}, spec,
              {.size = list.size(),
               .resize = [&](std::size_t size) { list.resize(size); },
               .visit = [&](std::size_t index, Visitor& inner) { Fields(inner, list[index]); }});
  }

  // A rule that no bound can say; only what reads insists on it. It may look at fields named before.
  virtual void Check(std::string_view /*name*/, bool /*holds*/, std::string_view /*what*/) {}

 protected:
  struct List {
    std::size_t size;
    std::function<void(std::size_t)> resize;
    std::function<void(std::size_t, Visitor&)> visit;
  };

  virtual void OnInteger(const Field& field, const IntegerSpec& spec, std::optional<std::int64_t>& value) = 0;
  virtual void OnNumber(const Field& field, const NumberSpec& spec, std::optional<double>& value) = 0;
  virtual void OnText(const Field& field, const TextSpec& spec, std::optional<std::string>& value) = 0;
  virtual void OnTime(const Field& field, std::optional<WallTime>& value) = 0;
  virtual void OnObject(const Field& field, bool& there, const std::function<void(Visitor&)>& visit) = 0;
  virtual void OnObjects(const Field& field, const ListSpec& spec, const List& list) = 0;
};

}  // namespace eoa::codec
