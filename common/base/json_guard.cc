#include "common/base/json_guard.h"

#include <cstdint>
#include <vector>

#include "common/base/hex.h"

namespace eoa {
namespace {

using nlohmann::json;

// Messages quote what was sent; a megabyte of it helps nobody.
std::string Shortened(std::string text) {
  constexpr std::size_t kMost = 160;
  if (text.size() > kMost) text.replace(kMost, std::string::npos, "...");
  return text;
}

// Builds the document while checking it: nlohmann's own builder keeps duplicate keys' last value silently.
class GuardedBuilder final : public nlohmann::json_sax<json> {
 public:
  GuardedBuilder(json& root, const JsonLimits& limits) : root_(root), limits_(limits) {}

  std::optional<Error> TakeError() { return std::move(error_); }

  bool null() override { return Add(nullptr); }
  bool boolean(bool value) override { return Add(value); }
  bool number_integer(std::int64_t value) override { return Add(value); }
  bool number_unsigned(std::uint64_t value) override { return Add(value); }
  bool number_float(double value, const std::string& /*text*/) override { return Add(value); }
  bool string(std::string& value) override { return Add(std::move(value)); }
  bool binary(json::binary_t& /*value*/) override { return Fail(InvalidArgumentError("binary values are not JSON")); }
  bool start_object(std::size_t /*size*/) override { return Open(json::object()); }
  bool start_array(std::size_t /*size*/) override { return Open(json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }

  bool key(std::string& name) override {
    if (cut_ > 0) return true;
    if (open_.back()->contains(name))
      return Fail(InvalidArgumentError("field " + Shortened(DumpJson(json(name))) + " stands twice"));
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/, const json::exception& cause) override {
    // The library's message starts with "[json.exception.parse_error.101] parse error at line 1, column 2: ".
    std::string text = cause.what();
    if (const auto at = text.find("] "); at != std::string::npos) text.erase(0, at + 2);
    return Fail(InvalidArgumentError("not JSON, near byte " + std::to_string(position) + ": " + Shortened(text)));
  }

 private:
  bool Fail(Error error) {
    if (!error_) error_ = std::move(error);
    return false;
  }

  json* Place(json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[key_] = std::move(value));
  }

  bool CountOne() {
    if (++values_ <= limits_.max_values) return true;
    return Fail(ResourceExhaustedError("more than " + std::to_string(limits_.max_values) + " JSON values"));
  }

  bool Add(json value) {
    if (cut_ > 0) return true;
    if (!CountOne()) return false;
    Place(std::move(value));
    return true;
  }

  bool Open(json container) {
    if (cut_ > 0) return ++cut_ > 0;
    if (!CountOne()) return false;
    if (open_.size() >= static_cast<std::size_t>(limits_.max_depth)) {
      if (limits_.cut_deeper) {
        Place(nullptr);
        cut_ = 1;
        return true;
      }
      return Fail(ResourceExhaustedError("JSON nested deeper than " + std::to_string(limits_.max_depth)));
    }
    open_.push_back(Place(std::move(container)));
    return true;
  }

  bool Close() {
    if (cut_ > 0) {
      --cut_;
      return true;
    }
    open_.pop_back();
    return true;
  }

  json& root_;
  const JsonLimits& limits_;
  // Pointers stay valid: a container's parent does not change while the container is open.
  std::vector<json*> open_;
  std::string key_;
  std::size_t values_ = 0;
  std::size_t cut_ = 0;  // containers that are open below the cut
  std::optional<Error> error_;
};

template <typename Json>
std::string Dump(const Json& value, int indent) {
  std::string text = value.dump(indent, ' ', false, Json::error_handler_t::replace);
  // The library leaves DEL and the controls U+0080 to U+009F as they are; terminals obey some of them.
  constexpr std::string_view kSuspects = "\x7f\xc2";
  for (std::size_t at = text.find_first_of(kSuspects); at != std::string::npos;
       at = text.find_first_of(kSuspects, at + 1)) {
    const std::size_t length = text[at] == '\x7f' ? 1 : 2;
    const auto code = static_cast<unsigned char>(text[at + length - 1]);
    if (code > 0x9f) continue;
    text.replace(at, length, "\\u" + HexNumber(code, 4));
  }
  return text;
}

}  // namespace

Result<json> ParseJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return ResourceExhaustedError("JSON text of " + std::to_string(text.size()) + " bytes; at most " +
                                  std::to_string(limits.max_bytes) + " are allowed");
  }
  // The library takes NUL for the end of the text and would not look at what follows.
  if (const auto at = text.find('\0'); at != std::string_view::npos) {
    return InvalidArgumentError("not JSON, near byte " + std::to_string(at + 1) + ": a NUL byte");
  }
  json root;
  GuardedBuilder builder(root, limits);
  const bool complete = json::sax_parse(text.begin(), text.end(), &builder);
  if (auto error = builder.TakeError()) return *std::move(error);
  if (!complete) return InvalidArgumentError("not JSON");
  return root;
}

std::string DumpJson(const json& value) { return Dump(value, -1); }
std::string DumpJson(const nlohmann::ordered_json& value) { return Dump(value, -1); }
std::string DumpJsonPretty(const nlohmann::ordered_json& value) { return Dump(value, 2) + "\n"; }

}  // namespace eoa
