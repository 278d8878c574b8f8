#include "trainer/npz/npy_header.h"

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/number.h"

namespace eoa::train {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxDimensions = 8;
constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 40;

Error Malformed(const std::string& what) { return DataLossError("not a .npy array: " + what); }

std::optional<ElementType> FindType(std::string_view name) {
  constexpr std::pair<std::string_view, ElementType> kTypes[] = {
      {"<f8", ElementType::kFloat64},  {"<f4", ElementType::kFloat32},  {"<f2", ElementType::kFloat16},
      {"|V2", ElementType::kBFloat16}, {"<V2", ElementType::kBFloat16}, {"<i8", ElementType::kInt64},
      {"<i4", ElementType::kInt32},    {"|u1", ElementType::kUint8}};
  for (const auto& [known, type] : kTypes) {
    if (known == name) return type;
  }
  return std::nullopt;
}

// Takes the few forms of Python literals apart that the header is made of.
class Literals {
 public:
  explicit Literals(std::string_view text) : rest_(text) {}

  bool Take(std::string_view word) {
    SkipSpaces();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::optional<std::string_view> TakeString() {
    SkipSpaces();
    if (rest_.empty() || (rest_.front() != '\'' && rest_.front() != '"')) return std::nullopt;
    const std::size_t end = rest_.find(rest_.front(), 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  std::optional<std::int64_t> TakeNumber() {
    SkipSpaces();
    const std::string_view digits = rest_.substr(0, rest_.find_first_not_of("0123456789"));
    const Result<std::int64_t> number = ParseInteger(digits);
    if (digits.empty() || !number.ok()) return std::nullopt;
    rest_.remove_prefix(digits.size());
    return *number;
  }

  bool AtEnd() {
    SkipSpaces();
    return rest_.empty();
  }

 private:
  void SkipSpaces() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n')) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

Result<std::vector<std::int64_t>> TakeShape(Literals& literals) {
  std::vector<std::int64_t> shape;
  if (!literals.Take("(")) return Malformed("its shape is not a tuple");
  while (!literals.Take(")")) {
    const std::optional<std::int64_t> length = literals.TakeNumber();
    if (!length || shape.size() == kMaxDimensions) return Malformed("its shape is not a tuple of up to 8 lengths");
    shape.push_back(*length);
    if (literals.Take(",")) continue;
    if (literals.Take(")")) break;
    return Malformed("its shape is not a tuple");
  }
  return shape;
}

Status TakeEntry(Literals& literals, std::string_view key, NpyHeader& header) {
  if (key == "descr") {
    const std::optional<std::string_view> name = literals.TakeString();
    const std::optional<ElementType> type = name ? FindType(*name) : std::nullopt;
    if (!type) {
      return InvalidArgumentError("its elements are " + (name ? "'" + std::string(*name) + "'" : "structures") +
                                  "; <f8, <f4, <f2, |V2 (bfloat16), <i8, <i4 and |u1 are read");
    }
    header.type = *type;
    return OkStatus();
  }
  if (key == "fortran_order") {
    if (literals.Take("True"))
      return InvalidArgumentError("it is in Fortran order; save it with numpy.ascontiguousarray");
    return literals.Take("False") ? OkStatus() : Status(Malformed("fortran_order is neither True nor False"));
  }
  if (key != "shape") return Malformed("its header has '" + std::string(key) + "'");
  EOA_ASSIGN_OR_RETURN(header.shape, TakeShape(literals));
  return OkStatus();
}

Status ParseDictionary(std::string_view text, NpyHeader& header) {
  Literals literals(text);
  if (!literals.Take("{")) return Malformed("its header is not a dictionary");
  unsigned seen = 0;
  for (bool open = !literals.Take("}"); open;) {
    const std::optional<std::string_view> key = literals.TakeString();
    if (!key || !literals.Take(":")) return Malformed("its header is not a dictionary");
    const unsigned bit = *key == "descr" ? 1 : *key == "fortran_order" ? 2 : 4;
    if ((seen & bit) != 0) return Malformed("'" + std::string(*key) + "' stands twice in its header");
    seen |= bit;
    EOA_RETURN_IF_ERROR(TakeEntry(literals, *key, header));
    const bool more = literals.Take(",");
    open = !literals.Take("}");
    if (open && !more) return Malformed("its header is not a dictionary");
  }
  if (seen != 7 || !literals.AtEnd()) return Malformed("its header lacks descr, fortran_order or shape");
  return OkStatus();
}

}  // namespace

Result<NpyHeader> ParseNpyHeader(std::span<const std::uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic) || text.size() < 12) return Malformed("it does not begin with \\x93NUMPY");
  const int version = bytes[6];
  if (version < 1 || version > 3) return InvalidArgumentError("version " + std::to_string(version) + " of .npy");
  const std::size_t prefix = version == 1 ? 10 : 12;
  std::size_t length = bytes[8] | std::size_t{bytes[9]} << 8;
  if (version > 1) length |= std::size_t{bytes[10]} << 16 | std::size_t{bytes[11]} << 24;
  if (length > kMaxNpyHeader - prefix || prefix + length > text.size()) {
    return Malformed("its header has " + std::to_string(length) + " bytes");
  }
  NpyHeader header;
  header.size = prefix + length;
  EOA_RETURN_IF_ERROR(ParseDictionary(text.substr(prefix, length), header));
  for (const std::int64_t side : header.shape) {
    const auto wide = static_cast<std::uint64_t>(side);
    if (wide != 0 && header.elements > kMaxElements / wide) return Malformed("it has more than 2^40 elements");
    header.elements *= wide;
  }
  return header;
}

}  // namespace eoa::train
