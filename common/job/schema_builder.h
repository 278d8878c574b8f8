// SchemaBuilder: writes an object's table down, row by row, binding each to a member of struct T.
//
//   SchemaBuilder<Exchange> table("How populations wait for each other.");
//   table.Integer("quorum", &Exchange::quorum, 0, 64, "Populations needed before ...");
//
// For common/job's tables, and those of other documents that are read the same way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/json_object.h"
#include "common/job/schema.h"
#include "common/words/word.h"

namespace eoa::api {

template <typename T>
class SchemaBuilder {
 public:
  using Json = nlohmann::ordered_json;

  // What can be said of a row beyond its kind; chained to the call that adds it.
  class Row {
   public:
    explicit Row(Field& field) : field_(&field) {}
    Row Required() {
      return Change([](Field& f) { f.required = true; });
    }
    Row Immutable() {
      return Change([](Field& f) { f.immutable = true; });
    }
    Row Fixed() {
      return Change([](Field& f) { f.fixed = true; });
    }
    Row OmitEmpty() {
      return Change([](Field& f) { f.omit_empty = true; });
    }
    Row DerivedFrom(std::string words) {
      return Change([&](Field& f) { f.derived = std::move(words); });
    }
    Row Later(std::vector<std::string> words) {
      return Change([&](Field& f) { f.later_words = std::move(words); });
    }
    Row KeyedBy(std::string name) {
      return Change([&](Field& f) { f.list_key = std::move(name); });
    }
    // Of a free object: only these, each a mapping.
    Row Keys(std::vector<std::string> names) {
      return Change([&](Field& f) { f.words = std::move(names); });
    }
    Row Suggest(std::vector<std::string> words) {
      return Change([&](Field& f) { f.words = std::move(words); });
    }
    Row Above(double least) {
      return Change([&](Field& f) { f.minimum = least, f.exclusive_minimum = true; });
    }
    Row Below(double most) {
      return Change([&](Field& f) { f.maximum = most, f.exclusive_maximum = true; });
    }
    Row Matches(std::string pattern, std::string meaning, std::size_t max_length) {
      return Change([&](Field& f) {
        f.pattern = std::move(pattern), f.pattern_meaning = std::move(meaning), f.max_length = max_length;
      });
    }

   private:
    template <typename F>
    Row Change(F change) {
      change(*field_);
      return *this;
    }
    Field* field_;
  };

  explicit SchemaBuilder(std::string description) {
    schema_.description = std::move(description);
    schema_.defaults = std::make_shared<const T>();
  }

  ObjectSchema Build() && { return std::move(schema_); }

  Row Boolean(std::string name, bool T::*member, std::string description) {
    return Scalar(FieldKind::kBoolean, std::move(name), member, std::move(description));
  }

  template <typename I>
  Row Integer(std::string name, I T::*member, std::int64_t least, std::int64_t most, std::string description) {
    static_assert(std::is_integral_v<I>);
    return Ranged(FieldKind::kInteger, std::move(name), member, static_cast<double>(least), static_cast<double>(most),
                  std::move(description));
  }

  Row Number(std::string name, double T::*member, double least, double most, std::string description) {
    return Ranged(FieldKind::kNumber, std::move(name), member, least, most, std::move(description));
  }

  Row String(std::string name, std::string T::*member, std::string description) {
    return Scalar(FieldKind::kString, std::move(name), member, std::move(description));
  }

  template <typename E>
  Row Word(std::string name, E T::*member, std::string description) {
    Field& field = Add(FieldKind::kWord, std::move(name), std::move(description));
    field.words.assign(kWords<E>.begin(), kWords<E>.end());
    field.get = [member](const void* owner) { return Json(ToWord(static_cast<const T*>(owner)->*member)); };
    // What is set is one of them.
    field.set = [member](void* owner, const Json& value) {
      static_cast<T*>(owner)->*member = FromWord<E>(value.get_ref<const std::string&>()).value();
    };
    return Row(field);
  }

  // A word that must be there and is always the same.
  Row Constant(std::string name, const std::string& word, std::string description) {
    Field& field = Add(FieldKind::kWord, std::move(name), std::move(description));
    field.words = {word};
    field.get = [word](const void*) { return Json(word); };
    field.set = [](void*, const Json&) {};
    return Row(field).Required();
  }

  Row WordOrNumber(std::string name, std::vector<std::string> words, double least, double most,
                   std::function<Json(const T&)> get, std::function<void(T&, const Json&)> set,
                   std::string description) {
    Field& field = Add(FieldKind::kWordOrNumber, std::move(name), std::move(description));
    field.words = std::move(words);
    field.minimum = least;
    field.maximum = most;
    field.get = [get = std::move(get)](const void* owner) { return get(*static_cast<const T*>(owner)); };
    field.set = [set = std::move(set)](void* owner, const Json& value) { set(*static_cast<T*>(owner), value); };
    return Row(field);
  }

  template <typename M>
  Row TextMap(std::string name, M T::*member, std::string description) {
    return Scalar(FieldKind::kTextMap, std::move(name), member, std::move(description));
  }

  Row FreeObject(std::string name, JsonObject T::*member, std::string description) {
    return Scalar(FieldKind::kFreeObject, std::move(name), member, std::move(description));
  }

  template <typename O>
  Row Object(std::string name, O T::*member, const ObjectSchema& object) {
    Field& field = Add(FieldKind::kObject, std::move(name), object.description);
    field.object = &object;
    field.child = [member](const void* owner) -> const void* { return &(static_cast<const T*>(owner)->*member); };
    return Row(field);
  }

  template <typename O>
  Row List(std::string name, std::vector<O> T::*member, std::size_t least, std::size_t most,
           const ObjectSchema& object) {
    Field& field = Add(FieldKind::kList, std::move(name), object.description);
    field.object = &object;
    field.min_items = least;
    field.max_items = most;
    field.size = [member](const void* owner) { return (static_cast<const T*>(owner)->*member).size(); };
    field.item = [member](const void* owner, std::size_t index) -> const void* {
      return &(static_cast<const T*>(owner)->*member)[index];
    };
    field.add = [member](void* owner) -> void* { return &(static_cast<T*>(owner)->*member).emplace_back(); };
    return Row(field);
  }

  void Ignored(std::string name) { Add(FieldKind::kIgnored, std::move(name), ""); }

 private:
  Field& Add(FieldKind kind, std::string name, std::string description) {
    Field& field = schema_.fields.emplace_back();
    field.kind = kind;
    field.name = std::move(name);
    field.description = std::move(description);
    return field;
  }

  template <typename M>
  static void Bind(Field& field, M T::*member) {
    field.get = [member](const void* owner) {
      const M& value = static_cast<const T*>(owner)->*member;
      if constexpr (std::is_same_v<M, JsonObject>) {
        return Json(value.json());
      } else {
        return Json(value);
      }
    };
    field.set = [member](void* owner, const Json& value) {
      if constexpr (std::is_same_v<M, JsonObject>) {
        static_cast<T*>(owner)->*member = nlohmann::json(value);
      } else {
        static_cast<T*>(owner)->*member = value.template get<M>();
      }
    };
  }

  template <typename M>
  Row Scalar(FieldKind kind, std::string name, M T::*member, std::string description) {
    Field& field = Add(kind, std::move(name), std::move(description));
    Bind(field, member);
    return Row(field);
  }

  template <typename M>
  Row Ranged(FieldKind kind, std::string name, M T::*member, double least, double most, std::string description) {
    Row row = Scalar(kind, std::move(name), member, std::move(description));
    schema_.fields.back().minimum = least;
    schema_.fields.back().maximum = most;
    return row;
  }

  ObjectSchema schema_;
};

}  // namespace eoa::api
