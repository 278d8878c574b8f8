// The schema of EOAJob: one table for each object, with a row for each field. It is the single source for reading,
// defaults, checks, printing and docs/api.md, and holds what a CustomResourceDefinition needs.
//
// A row names its field, its kind and bounds, and binds it to a member of the object's struct. Defaults are the
// struct's own member initialisers (common/job/job.h), read through the binding, so they stand in one place too. Tables
// are built on first use and never change; safe from any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace eoa::api {

enum class FieldKind {
  kBoolean,
  kInteger,
  kNumber,  // finite
  kString,
  kWord,          // one of `words`
  kWordOrNumber,  // one of `words`, or a number
  kTextMap,       // names to strings
  kFreeObject,    // kept as it is, not interpreted here
  kObject,
  kList,     // of objects
  kIgnored,  // belongs to Kubernetes
};

struct ObjectSchema;

struct Field {
  std::string name;
  FieldKind kind = FieldKind::kIgnored;
  std::string description;  // Markdown, for users

  bool required = false;
  bool immutable = false;   // once the job has started; of a list without its free objects
  bool fixed = false;       // from the beginning
  bool omit_empty = false;  // printed only when it has a value
  std::string derived;      // in words, when the default depends on other fields; empty: the struct's initialiser

  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool exclusive_minimum = false;
  bool exclusive_maximum = false;
  std::size_t max_length = 4096;  // strings: characters
  std::string pattern;            // strings: an ECMAScript regular expression for the whole of it; empty: any
  std::string pattern_meaning;    // what it allows, in words
  // kWord: what is allowed; kString: only what a misspelling may have meant; kFreeObject: its keys, each a mapping (none:
  // any).
  std::vector<std::string> words;
  std::vector<std::string> later_words;  // known, but not in this version
  std::size_t min_items = 0;
  std::size_t max_items = 0;
  std::string list_key;  // the field by which items are told apart

  const ObjectSchema* object = nullptr;  // kObject, kList

  // The binding; `owner` points to the struct of the object that holds this field.
  std::function<nlohmann::ordered_json(const void* owner)> get;  // all kinds but kObject, kList, kIgnored
  // The same; the value is of the kind and within bounds.
  std::function<void(void* owner, const nlohmann::ordered_json& value)> set;
  std::function<const void*(const void* owner)> child;                    // kObject
  std::function<std::size_t(const void* owner)> size;                     // kList
  std::function<const void*(const void* owner, std::size_t index)> item;  // kList
  std::function<void*(void* owner)> add;                                  // kList: a new item at its end
};

struct ObjectSchema {
  std::string description;
  std::vector<Field> fields;             // in the order in which they are printed
  std::shared_ptr<const void> defaults;  // a default-constructed struct
};

// The whole document: apiVersion, kind, metadata, spec.
const ObjectSchema& JobSchema();

// The row for `name`, or null.
const Field* FindField(const ObjectSchema& object, const std::string& name);

// The default as JSON; null when there is none (required, derived, or an object).
nlohmann::ordered_json DefaultOf(const ObjectSchema& object, const Field& field);

// What a field may hold, in words: "an integer from 1 to 1024", "GreyWolf, Whale or Fixed".
std::string AllowedValues(const Field& field);

}  // namespace eoa::api
