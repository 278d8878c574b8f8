#include "trainer/agent/file_page.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/base/checksum.h"
#include "common/base/descriptor.h"
#include "common/base/hex.h"
#include "common/base/json_guard.h"
#include "common/base/number.h"
#include "common/net/digest.h"
#include "common/words/labels.h"

namespace eoa::agent {
namespace {

constexpr std::uint64_t kMostAnnotations = std::uint64_t{1} << 20;
constexpr int kChecksumDigits = 8;

net::ServerResponse Plain(int status, std::string text) {
  return {.status = status, .content_type = "text/plain", .body = std::move(text) + "\n"};
}

std::string HexSha256(const std::string& text) {
  const std::string digest = net::Sha256(text);
  return Hex(std::span(reinterpret_cast<const unsigned char*>(digest.data()), digest.size()));
}

// The results, and checkpoints' weights: nothing else in the directory is anybody's business.
bool IsServed(std::string_view name) {
  if (name == "model.safetensors" || name == "evaluation.json") return true;
  if (!name.starts_with("checkpoint-")) return false;
  return name.ends_with(".weights.safetensors") || name.ends_with(".weights.json");
}

// Up to `size` bytes of a file from `offset` on. Only read, so that FileSystem is not asked.
Result<std::string> ReadPiece(const std::string& path, std::int64_t offset, std::size_t size) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid()) return ErrnoError(errno, path);
  std::string piece(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(file.get(), piece.data() + done, size - done, static_cast<off_t>(offset) + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, path);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  piece.resize(done);
  return piece;
}

}  // namespace

bool FilePage::Answers(const net::ServerRequest& request) {
  const auto& path = request.path;
  return path.size() >= 2 && path.size() <= 3 && path[0] == "v1" && path[1] == "files";
}

bool FilePage::Allows(const std::string& key) const {
  if (keys_file_.empty() || key.empty()) return false;
  const Result<std::string> annotations = files_.ReadFile(keys_file_, kMostAnnotations);
  if (!annotations.ok()) return false;
  // NAME="VALUE", one a line.
  const std::string wanted = std::string(kFetchKeyAnnotation) + "=\"" + HexSha256(key) + "\"";
  return ("\n" + *annotations + "\n").find("\n" + wanted + "\n") != std::string::npos;
}

net::ServerResponse FilePage::Answer(const net::ServerRequest& request) const {
  if (request.method != "GET") return Plain(405, "only GET");
  const auto value = [&](const char* name) {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string() : found->second;
  };
  // Not 403, which is how the API server refuses to pass a request on.
  if (!Allows(value("key"))) return Plain(409, "the key is not in the pod's annotation");
  return request.path.size() == 2 ? List() : Piece(request.path[2], value("from"));
}

net::ServerResponse FilePage::List() const {
  nlohmann::json list = nlohmann::json::array();
  const Result<std::vector<std::string>> names = files_.ListDirectory(directory_);
  if (!names.ok()) return Plain(500, names.error().message());
  for (const std::string& name : *names) {
    struct stat found {};
    if (!IsServed(name) || ::lstat(JoinPath(directory_, name).c_str(), &found) != 0 || !S_ISREG(found.st_mode))
      continue;
    list.push_back({{"name", name},
                    {"bytes", found.st_size},
                    {"changed", found.st_mtim.tv_sec * std::int64_t{1'000'000'000} + found.st_mtim.tv_nsec}});
  }
  const nlohmann::json answer = {{"files", std::move(list)}};
  return {.status = 200, .content_type = "application/json", .body = DumpJson(answer) + "\n"};
}

net::ServerResponse FilePage::Piece(const std::string& name, const std::string& from) const {
  if (!IsServed(name) || name.find('/') != std::string::npos) return Plain(404, "no such file");
  const Result<std::int64_t> offset = ParseInteger(from);
  if (!offset.ok() || *offset < 0) return Plain(400, "from: must be a whole number");
  const Result<std::string> piece = ReadPiece(JoinPath(directory_, name), *offset, kPieceBytes);
  if (!piece.ok()) return Plain(piece.error().code() == ErrorCode::kNotFound ? 404 : 500, piece.error().message());
  return {.status = 200,
          .content_type = "application/octet-stream",
          .body = HexNumber(Crc32(*piece), kChecksumDigits) + *piece};
}

}  // namespace eoa::agent
