// Words: how the values of an enum are written in JSON, YAML, metrics and tables. Beside each enum stands its table,
// the words in the order of the enumerators, which count from 0:
//
//   enum class ClosedBy { kAll, kQuorum };
//   constexpr auto WordsOf(ClosedBy) { return Words<ClosedBy>("All", "Quorum"); }
//
// It does not compile unless there is one word for each enumerator, and each word is its enumerator's name without the
// k (upper and lower case and hyphens are free: kCifarCutout is "cifar-cutout"). So no word can be forgotten or
// swapped. Pure values, known at compile time; thread-safe.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace eoa {

namespace words_internal {

// As the compiler writes the value: "...::kQuorum", or "(ClosedBy)2" where there is no such enumerator.
template <auto kValue>
consteval std::string_view Spelling() {
  const std::string_view text =
      __PRETTY_FUNCTION__;  // "... Spelling() [with auto kValue = eoa::ClosedBy::kQuorum; ...]"
  constexpr std::string_view kMark = "kValue = ";
  const std::size_t begin = text.find(kMark) + kMark.size();
  return text.substr(begin, text.find_first_of(";]", begin) - begin);
}

template <auto kValue>
consteval bool IsEnumerator() {
  return !Spelling<kValue>().starts_with('(');
}

constexpr char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

template <auto kValue>
consteval bool Names(std::string_view word) {
  std::string_view name = Spelling<kValue>();
  if (const std::size_t scope = name.rfind("::k"); scope != std::string_view::npos) name.remove_prefix(scope + 3);
  for (const char c : word) {
    if (c == '-') continue;
    if (name.empty() || Lower(name.front()) != Lower(c)) return false;
    name.remove_prefix(1);
  }
  return name.empty();
}

template <typename E, std::size_t... kIndex>
consteval bool NamesAll(const std::array<std::string_view, sizeof...(kIndex)>& words, std::index_sequence<kIndex...>) {
  return (Names<static_cast<E>(kIndex)>(words[kIndex]) && ...);
}

}  // namespace words_internal

// A table, checked.
template <typename E, std::convertible_to<std::string_view>... Text>
consteval std::array<std::string_view, sizeof...(Text)> Words(Text... text) {
  constexpr std::size_t kCount = sizeof...(Text);
  static_assert(!words_internal::IsEnumerator<static_cast<E>(kCount)>(), "an enumerator has no word");
  const std::array<std::string_view, kCount> words = {text...};
  if (!words_internal::NamesAll<E>(words, std::make_index_sequence<kCount>())) {
    throw "a word is not the name of the enumerator at its place";
  }
  return words;
}

// In the order of the enumerators.
template <typename E>
inline constexpr auto kWords = WordsOf(E{});

template <typename E>
constexpr std::string_view ToWord(E value) {
  return kWords<E>.at(static_cast<std::size_t>(value));
}

// Nothing when no value is written so; upper and lower case matter.
template <typename E>
constexpr std::optional<E> FromWord(std::string_view word) {
  for (std::size_t i = 0; i < kWords<E>.size(); ++i) {
    if (kWords<E>[i] == word) return static_cast<E>(i);
  }
  return std::nullopt;
}

// For people: "Sync or Async", "All, Quorum, Deadline or Async".
template <typename Range>
std::string JoinWords(const Range& words, std::string_view last = " or ") {
  std::string text;
  std::size_t left = std::size(words);
  for (const auto& word : words) {
    text.append(word);
    if (--left > 0) text.append(left == 1 ? last : ", ");
  }
  return text;
}

// All values, in order.
template <typename E>
inline constexpr auto kValues = [] {
  std::array<E, kWords<E>.size()> values{};
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<E>(i);
  return values;
}();

}  // namespace eoa
