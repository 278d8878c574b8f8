#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "common/job/job_rules.h"

namespace eoa::api {
namespace {

// Limits of Kubernetes: apimachinery/pkg/api/validation.
constexpr std::size_t kMaxName = 63;
constexpr std::size_t kMaxPrefix = 253;
constexpr std::size_t kMaxAnnotations = 256 << 10;  // bytes of all keys and values

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kAlphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

// `text` has only letters of `ends` and `inner`, and begins and ends with one of `ends`.
bool IsWord(std::string_view text, std::string_view ends, std::string_view inner) {
  if (text.empty() || ends.find(text.front()) == ends.npos || ends.find(text.back()) == ends.npos) return false;
  for (const char c : text) {
    if (ends.find(c) == ends.npos && inner.find(c) == inner.npos) return false;
  }
  return true;
}

bool IsName(std::string_view text) { return text.size() <= kMaxName && IsWord(text, kAlphanumeric, "-_."); }

bool IsDomain(std::string_view text) {
  if (text.size() > kMaxPrefix) return false;
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!IsWord(text.substr(0, dot), kLower, "-")) return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool IsKey(std::string_view key) {
  const std::size_t slash = key.find('/');
  return slash == key.npos ? IsName(key) : IsDomain(key.substr(0, slash)) && IsName(key.substr(slash + 1));
}

// Of annotations Kubernetes checks the key in lower case.
std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

void CheckKey(const std::string& field, const std::string& key, const std::string& checked, Findings& findings) {
  if (IsKey(checked)) return;
  findings.Refuse(field + "." + key, "",
                  "a key is a name of 63 letters, digits, '-', '_' and '.' at most, after a domain and '/' if need be");
}

}  // namespace

void CheckMetadata(const Metadata& metadata, Findings& findings) {
  for (const auto& [key, value] : metadata.labels) {
    CheckKey("metadata.labels", key, key, findings);
    if (value.empty() || IsName(value)) continue;
    findings.Refuse("metadata.labels." + key, value,
                    "must be 63 letters, digits, '-', '_' and '.' at most, a letter or digit at both ends");
  }
  std::size_t size = 0;
  for (const auto& [key, value] : metadata.annotations) {
    CheckKey("metadata.annotations", key, Lower(key), findings);
    size += key.size() + value.size();
  }
  if (size > kMaxAnnotations) {
    findings.Refuse("metadata.annotations", "",
                    "have " + std::to_string(size) + " bytes together; at most 262144 are allowed");
  }
}

}  // namespace eoa::api
