#include "trainer/data/tar_index.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string_view>

namespace eoa::train {
namespace {

constexpr std::uint64_t kBlock = 512;
constexpr std::uint64_t kMaxExtendedHeader = std::uint64_t{1} << 20;  // bytes of a pax header or a GNU long name

using Block = std::array<std::uint8_t, kBlock>;

// The fields of a header block: first byte, length.
struct Field {
  std::size_t begin;
  std::size_t size;
};
constexpr Field kName{0, 100};
constexpr Field kSize{124, 12};
constexpr Field kChecksum{148, 8};
constexpr std::size_t kType = 156;
constexpr Field kMagic{257, 6};
constexpr Field kPrefix{345, 155};

std::string_view Text(const Block& block, Field field) {
  const std::string_view text(reinterpret_cast<const char*>(block.data()) + field.begin, field.size);
  return text.substr(0, text.find('\0'));
}

// Octal digits, or, with the first bit set, a big-endian number (GNU). Nothing when it is neither.
std::optional<std::uint64_t> Number(const Block& block, Field field) {
  const std::span<const std::uint8_t> bytes(block.data() + field.begin, field.size);
  if ((bytes[0] & 0x80U) != 0) {
    std::uint64_t value = bytes[0] & 0x7FU;
    for (const std::uint8_t byte : bytes.subspan(1)) {
      if (value >> 55 != 0) return std::nullopt;
      value = value << 8 | byte;
    }
    return value;
  }
  std::string_view text = Text(block, field);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  text = text.substr(0, text.find_last_not_of(' ') + 1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool ChecksumMatches(const Block& block) {
  const auto stated = Number(block, kChecksum);
  std::uint64_t sum = kChecksum.size * ' ';
  for (std::size_t i = 0; i < kBlock; ++i) {
    if (i < kChecksum.begin || i >= kChecksum.begin + kChecksum.size) sum += block[i];
  }
  return stated == sum;
}

// What extended headers say about the member that follows them.
struct Extension {
  std::optional<std::string> name;
  std::optional<std::uint64_t> size;
  bool sparse = false;
};

// Records of the form "LENGTH KEY=VALUE\n", LENGTH counting all of the record. False when one is malformed.
bool ParsePax(std::string_view records, Extension& extension) {
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<std::size_t>(end - records.data());
    if (error != std::errc() || length > records.size() || length < digits + 3 || records[digits] != ' ' ||
        records[length - 1] != '\n') {
      return false;
    }
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view key = record.substr(0, equals);
    const std::string_view value = record.substr(equals + 1);
    if (key.starts_with("GNU.sparse.")) extension.sparse = true;
    if (key == "path") extension.name = std::string(value);
    if (key == "size") {
      std::uint64_t size = 0;
      const auto parsed = std::from_chars(value.data(), value.data() + value.size(), size);
      if (parsed.ec != std::errc() || parsed.ptr != value.data() + value.size()) return false;
      extension.size = size;
    }
    records.remove_prefix(length);
  }
  return true;
}

// By the first bytes of gzip, Zstandard, bzip2, LZ4 and xz.
bool IsCompressed(const Block& block) {
  const std::string_view start(reinterpret_cast<const char*>(block.data()), 4);
  return start.starts_with("\x1F\x8B") || start == "\x28\xB5\x2F\xFD" || start.starts_with("BZh") ||
         start == "\x04\x22\x4D\x18" ||
         start ==
             "\xFD"
             "7zX";
}

class Indexer {
 public:
  explicit Indexer(const ReadOnlyFile& archive) : archive_(archive) {}

  Result<std::vector<TarEntry>> Run() {
    while (true) {
      if (archive_.size() - at_ < kBlock) {
        return Broken("the archive ends without an end-of-archive block (512 zero bytes); it was probably cut");
      }
      Block block;
      EOA_RETURN_IF_ERROR(archive_.ReadAt(at_, block));
      if (at_ == 0 && IsCompressed(block)) return CompressedArchive(archive_.path());
      if (std::ranges::all_of(block, [](std::uint8_t byte) { return byte == 0; })) return std::move(entries_);
      if (!ChecksumMatches(block)) return Broken("expected a tar header; its checksum does not match");
      EOA_RETURN_IF_ERROR(Member(block));
    }
  }

 private:
  Error Broken(const std::string& what) const {
    return DataLossError(archive_.path() + ", byte " + std::to_string(at_) + ": " + what);
  }

  Status Member(const Block& block) {
    const char type = static_cast<char>(block[kType]);
    const bool describes_next = type == 'x' || type == 'L' || type == 'K';
    std::optional<std::uint64_t> size = Number(block, kSize);
    if (!describes_next && extension_.size) size = extension_.size;
    const std::uint64_t begin = at_ + kBlock;
    if (!size) return Broken("the member's size is not a number");
    if (*size > archive_.size() - begin) {
      return Broken("the member has " + std::to_string(*size) + " bytes, but only " +
                    std::to_string(archive_.size() - begin) + " follow; the archive was probably cut");
    }
    if (describes_next) {
      EOA_RETURN_IF_ERROR(Extend(type, begin, *size));
    } else {
      if (type == 'S' || extension_.sparse) {
        return DataLossError(archive_.path() + ", byte " + std::to_string(at_) +
                             ": sparse members are not read; make the archive without --sparse");
      }
      if (type == '0' || type == '\0' || type == '7') entries_.push_back({NameOf(block), begin, *size});
      extension_ = {};
    }
    // The last member's padding may be missing only together with the end-of-archive block, so `at_` may pass the end.
    at_ = std::min(begin + (*size + kBlock - 1) / kBlock * kBlock, archive_.size());
    return OkStatus();
  }

  Status Extend(char type, std::uint64_t begin, std::uint64_t size) {
    if (size > kMaxExtendedHeader) return Broken("an extended header of more than 1 MiB");
    std::string text(size, '\0');
    EOA_RETURN_IF_ERROR(archive_.ReadAt(begin, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
    if (type == 'L') extension_.name = text.substr(0, text.find('\0'));
    if (type == 'x' && !ParsePax(text, extension_)) return Broken("a malformed pax header");
    return OkStatus();
  }

  std::string NameOf(const Block& block) const {
    if (extension_.name) return *extension_.name;
    const std::string_view prefix = Text(block, kPrefix);
    const bool posix = Text(block, kMagic) == "ustar";  // GNU's "ustar " keeps other things where the prefix is
    if (!posix || prefix.empty()) return std::string(Text(block, kName));
    return std::string(prefix) + "/" + std::string(Text(block, kName));
  }

  const ReadOnlyFile& archive_;
  std::uint64_t at_ = 0;
  Extension extension_;
  std::vector<TarEntry> entries_;
};

}  // namespace

Error CompressedArchive(const std::string& path) {
  return DataLossError(path + " is compressed, but images are read from anywhere in an archive; please decompress it " +
                       "(JPEGs hardly get larger by that)");
}

Result<std::vector<TarEntry>> IndexTar(const ReadOnlyFile& archive) { return Indexer(archive).Run(); }

}  // namespace eoa::train
