// HTTP requests and responses as values, shared by client and server. Header names are compared without regard to case.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eoa::net {

// ASCII only, as HTTP's own names are.
bool EqualIgnoringCase(std::string_view left, std::string_view right);

class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> entries) : entries_(entries) {}

  void Add(std::string name, std::string value) { entries_.emplace_back(std::move(name), std::move(value)); }

  // The first value of that name; empty when there is none.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  std::size_t Count(std::string_view name) const;

  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

struct Response {
  int status = 200;
  Headers headers{};
  std::string body{};
};

// "a%20b" to "a b". False, with `decoded` as it was, for malformed escapes, NUL, and what is not UTF-8. A plus sign
// stays one.
bool PercentDecode(std::string_view text, std::string& decoded);

// Encodes everything but RFC 3986's unreserved characters: safe as one path segment or query value.
std::string PercentEncode(std::string_view text);

}  // namespace eoa::net
