#include "common/document/plain_scalar.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "common/base/number.h"

namespace eoa::api {
namespace {

bool OneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

std::size_t CountDigits(std::string_view text, std::size_t from) {
  std::size_t count = 0;
  while (from + count < text.size() && IsDigit(text[from + count])) ++count;
  return count;
}

enum class Shape { kNone, kInteger, kNumber };

// The grammar of JSON numbers, and besides "+1", ".5" and "5.": what YAML adds and Kubernetes reads the same way.
Shape NumberShape(std::string_view text) {
  std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const std::size_t whole = CountDigits(text, at);
  at += whole;
  if (whole > 0 && at == text.size()) return Shape::kInteger;
  std::size_t fraction = 0;
  if (at < text.size() && text[at] == '.') {
    fraction = CountDigits(text, ++at);
    at += fraction;
  }
  if (whole + fraction == 0) return Shape::kNone;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::size_t exponent = CountDigits(text, at);
    if (exponent == 0) return Shape::kNone;
    at += exponent;
  }
  return at == text.size() ? Shape::kNumber : Shape::kNone;
}

bool HasLeadingZero(std::string_view digits) { return digits.size() > 1 && digits[0] == '0' && IsDigit(digits[1]); }

// 0x1F, 0o17, 0b101, 1_000: integers to YAML 1.1.
bool IsUnusualInteger(std::string_view digits) {
  if (digits.size() > 2 && digits[0] == '0' && OneOf(Lower(digits.substr(1, 1)), {"x", "o", "b"})) {
    return std::all_of(digits.begin() + 2, digits.end(), [](unsigned char c) { return std::isxdigit(c) || c == '_'; });
  }
  return !digits.empty() && IsDigit(digits[0]) && digits.find('_') != std::string_view::npos &&
         std::all_of(digits.begin(), digits.end(), [](char c) { return IsDigit(c) || c == '_' || c == '.'; });
}

std::string SetNumber(std::string_view text, Shape shape, Node& node) {
  // from_chars knows no plus sign.
  const std::string_view digits = text[0] == '+' ? text.substr(1) : text;
  if (shape == Shape::kInteger) {
    if (const Result<std::int64_t> integer = ParseInteger(digits); integer.ok()) {
      node.kind = Node::Kind::kInteger;
      node.integer = *integer;
      node.number = static_cast<double>(*integer);
      return "";
    }
  }
  const Result<double> number = ParseNumber(digits);
  if (!number.ok()) {
    node.kind = Node::Kind::kRefused;
    return "is too large or too small for a number; quote it if it is text";
  }
  node.kind = Node::Kind::kNumber;
  node.number = *number;
  return "";
}

}  // namespace

std::string ResolvePlainScalar(std::string_view text, Node& node) {
  node.text = text;
  node.kind = Node::Kind::kString;
  if (text.empty() || OneOf(text, {"~", "null", "Null", "NULL"})) {
    node.kind = Node::Kind::kNull;
    return "";
  }
  if (OneOf(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) {
    node.kind = Node::Kind::kBoolean;
    node.boolean = text[0] == 't' || text[0] == 'T';
    return "";
  }
  const std::string_view unsigned_text = text[0] == '-' || text[0] == '+' ? text.substr(1) : text;
  const Shape shape = NumberShape(text);
  if (shape != Shape::kNone && !HasLeadingZero(unsigned_text)) return SetNumber(text, shape, node);

  if (shape != Shape::kNone) {
    node.kind = Node::Kind::kRefused;
    return "has a leading zero, which YAML takes for octal: write it without, or quote it if it is text";
  }
  if (IsUnusualInteger(unsigned_text)) {
    node.kind = Node::Kind::kRefused;
    return "is a number only to some YAML readers: write plain decimal digits, or quote it if it is text";
  }
  const std::string lower = Lower(unsigned_text);
  if (OneOf(lower, {".inf", ".nan"})) {
    node.kind = Node::Kind::kRefused;
    return "is not a finite number";
  }
  if (OneOf(text, {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"})) {
    node.kind = Node::Kind::kRefused;
    return "is true or false to Kubernetes and text to others: write true or false, or quote it if it is text";
  }
  return "";
}

}  // namespace eoa::api
