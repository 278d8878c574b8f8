#include "trainer/checkpoint/checkpoint.h"

#include <limits>
#include <set>
#include <utility>

#include "common/base/checksum.h"
#include "common/base/json_guard.h"
#include "common/base/number.h"
#include "common/codec/codec.h"

namespace eoa::train {
namespace {

constexpr std::uint64_t kMaxManifestBytes = 4096;
constexpr std::uint64_t kMaxPartBytes = std::uint64_t{1} << 38;  // 256 GiB: room for any model that fits a machine
constexpr std::string_view kPrefix = "checkpoint-";
constexpr int kFormat = 1;

struct Manifest {
  int format = kFormat;
  int generation = 0;
  std::string part;
  std::uint64_t bytes = 0;
  std::uint32_t crc32 = 0;
};

void Fields(codec::Visitor& v, Manifest& value) {
  constexpr int kMost = std::numeric_limits<int>::max();
  v.Type("manifest");
  v.Integer("format", value.format, {.most = kMost});
  v.Integer("generation", value.generation, {.most = kMost, .presence = codec::kOptional});
  v.Text("part", value.part, {.presence = codec::kOptional});
  v.Integer("bytes", value.bytes);
  v.Integer("crc32", value.crc32, {.most = std::numeric_limits<std::uint32_t>::max()});
}

// 12 for "checkpoint-12.weights.json"; nothing for other files.
std::optional<int> GenerationOf(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  const Result<std::int64_t> generation = ParseInteger(name.substr(0, name.find('.')));
  if (!generation.ok() || *generation < 0 || *generation > 1'000'000'000) return std::nullopt;
  return static_cast<int>(*generation);
}

}  // namespace

Error OfStorage(const Error& error) { return AbortedError("the checkpoint directory: " + error.message()); }

std::string CheckpointDirectory::Stem(int generation, const std::string& part) const {
  return JoinPath(directory_, std::string(kPrefix) + std::to_string(generation) + "." + part);
}

Status CheckpointDirectory::Save(int generation, const std::string& part, const std::vector<NamedArray>& arrays,
                                 const Metadata& metadata) const {
  const std::string stem = Stem(generation, part);
  // The manifest of an earlier attempt must not vouch for the new file.
  EOA_RETURN_IF_ERROR(files_.Remove(stem + ".json"));
  EOA_ASSIGN_OR_RETURN(const WrittenFile written,
                       WriteSafetensors(files_, stem + ".safetensors", arrays, metadata, Durability::kDurable));
  const Manifest manifest{.generation = generation, .part = part, .bytes = written.bytes, .crc32 = written.crc32};
  return files_.WriteFileAtomically(stem + ".json", DumpJsonPretty(codec::ToOrderedJson(manifest)));
}

Result<CheckpointPart> CheckpointDirectory::Load(int generation, const std::string& part) const {
  const std::string stem = Stem(generation, part);
  const auto lost = [&](const std::string& why) { return DataLossError("checkpoint " + stem + ": " + why); };
  // A disk that fails for a while has lost nothing.
  const auto unread = [&](const Error& error) {
    const bool gone = error.code() == ErrorCode::kNotFound || error.code() == ErrorCode::kResourceExhausted;
    return gone ? lost(error.message()) : OfStorage(error);
  };
  const Result<std::string> text = files_.ReadFile(stem + ".json", kMaxManifestBytes);
  if (!text.ok()) return unread(text.error());
  const Result<nlohmann::json> document = ParseJson(*text);
  if (!document.ok()) return lost(document.error().message());
  const Result<Manifest> manifest = codec::FromJson<Manifest>(*document);
  if (!manifest.ok()) return lost("its manifest is not understood: " + manifest.error().message());
  if (manifest->format != kFormat) {
    return FailedPreconditionError("checkpoint " + stem + " has format " + std::to_string(manifest->format) +
                                   ", this version reads " + std::to_string(kFormat) +
                                   "; resume with the version that wrote it");
  }

  Result<std::string> content = files_.ReadFile(stem + ".safetensors", kMaxPartBytes);
  if (!content.ok()) return unread(content.error());
  if (content->size() != manifest->bytes) {
    return lost(std::to_string(content->size()) + " bytes instead of " + std::to_string(manifest->bytes));
  }
  if (Crc32(*content) != manifest->crc32) return lost("its checksum is wrong");
  CheckpointPart loaded{.bytes = std::make_unique<const std::string>(std::move(*content)), .contents = {}};
  Result<Safetensors> parsed = ParseSafetensors(*loaded.bytes);
  if (!parsed.ok()) return lost(parsed.error().message());
  loaded.contents = std::move(*parsed);
  return loaded;
}

Result<int> CheckpointDirectory::Prune(int generation, int keep) const {
  EOA_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.ListDirectory(directory_));
  std::set<int, std::greater<>> generations;
  for (const std::string& name : names) {
    const std::optional<int> each = GenerationOf(name);
    if (each && *each <= generation) generations.insert(*each);
  }
  if (generations.size() <= static_cast<std::size_t>(keep) + 1) {
    return generations.empty() ? generation : *generations.rbegin();
  }
  const int oldest_kept = *std::next(generations.begin(), keep);
  for (const bool manifests : {true, false}) {
    for (const std::string& name : names) {
      const std::optional<int> each = GenerationOf(name);
      if (each && *each < oldest_kept && name.ends_with(".json") == manifests) {
        EOA_RETURN_IF_ERROR(files_.Remove(JoinPath(directory_, name)));
      }
    }
  }
  return oldest_kept;
}

}  // namespace eoa::train
