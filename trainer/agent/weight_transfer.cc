#include "trainer/agent/weight_transfer.h"

#include <charconv>
#include <map>
#include <utility>

#include "common/base/checksum.h"
#include "common/base/hex.h"
#include "common/base/json_guard.h"
#include "common/base/mutex.h"
#include "common/base/number.h"
#include "trainer/agent/broker_client.h"

namespace eoa::agent {
namespace {

constexpr std::string_view kCrcPrefix = "crc32-";
constexpr std::size_t kMaxWeightBytes = std::size_t{64} << 30;

net::ServerResponse ProblemResponse(int status, Refusal reason, std::string detail) {
  net::ServerResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = DumpJson(api::ToJson(api::Problem{status, reason, std::move(detail)}));
  return response;
}

class WeightServerImpl final : public WeightServer {
 public:
  WeightServerImpl(std::string token, FileSystem& files) : token_(std::move(token)), files_(files) {}

  Status Listen(const std::string& address) {
    net::HttpServerOptions options;
    options.address = address;
    options.max_connections = 256;
    options.max_body_bytes = 0;
    EOA_ASSIGN_OR_RETURN(server_, net::HttpServer::Start(options, [this](const net::ServerRequest& request,
                                                                         const net::Responder& responder) {
                           responder.Respond(Answer(request));
                         }));
    return OkStatus();
  }

  std::uint16_t port() const override { return server_->port(); }

  void Begin(int generation) override {
    const MutexLock lock(mutex_);
    next_ = generation;
  }

  void Publish(const WeightsFile& weights) override {
    const MutexLock lock(mutex_);
    next_ = weights.generation + 1;
    published_[weights.generation] = weights;
    while (published_.size() > kPublished) published_.erase(published_.begin());
  }

 private:
  net::ServerResponse Answer(const net::ServerRequest& request) {
    if (!net::HasBearerToken(request.headers, token_))
      return ProblemResponse(401, Refusal::kUnauthorized, "a token is needed");
    const auto& path = request.path;
    if (path.size() != 3 || path[0] != "v1" || path[1] != "weights")
      return ProblemResponse(404, Refusal::kNotFound, "no such route");
    if (request.method != "GET") return ProblemResponse(405, Refusal::kMethodNotAllowed, "only GET");
    const Result<std::int64_t> generation = ParseInteger(path[2]);
    if (!generation.ok()) return ProblemResponse(400, Refusal::kInvalidPath, "the generation must be a whole number");
    const MutexLock lock(mutex_);
    const auto weights = published_.find(static_cast<int>(*generation));
    const bool there = weights != published_.end() && files_.Exists(weights->second.file);
    if (!there && *generation < next_) {
      return ProblemResponse(410, Refusal::kGone, "generation " + path[2] + " is no longer served");
    }
    if (!there) return ProblemResponse(404, Refusal::kNotReady, "generation " + path[2] + " is not trained yet");
    net::ServerResponse response;
    response.content_type = "application/octet-stream";
    response.headers.Add("ETag", "\"" + FormatCrc(weights->second.crc32) + "\"");
    response.file = weights->second.file;
    return response;
  }

  const std::string token_;
  FileSystem& files_;
  Mutex mutex_;
  int next_ GUARDED_BY(mutex_) = 0;                          // the generation that is trained
  std::map<int, WeightsFile> published_ GUARDED_BY(mutex_);  // by generation
  std::unique_ptr<net::HttpServer> server_;                  // last: its threads use what stands above
};

}  // namespace

std::string FormatCrc(std::uint32_t crc32) { return std::string(kCrcPrefix) + HexNumber(crc32, 8); }

Result<std::uint32_t> ParseCrc(std::string_view text) {
  const auto malformed = [&] { return DataLossError("not a checksum: '" + std::string(text.substr(0, 40)) + "'"); };
  if (text.size() != kCrcPrefix.size() + 8 || !text.starts_with(kCrcPrefix)) return malformed();
  std::uint32_t crc = 0;
  const auto [end, error] = std::from_chars(text.data() + kCrcPrefix.size(), text.data() + text.size(), crc, 16);
  if (error != std::errc() || end != text.data() + text.size()) return malformed();
  return crc;
}

Result<std::string> FetchWeightsFile(const FetchOptions& options, net::HttpClient& http, FileSystem& files,
                                     net::Cancellation* cancellation) {
  const api::WeightSource& source = options.source;
  EOA_RETURN_IF_ERROR(files.CreateDirectories(options.directory));
  const std::string path = JoinPath(options.directory, source.population + ".safetensors");
  const std::string temporary = path + ".part";
  EOA_RETURN_IF_ERROR(files.Remove(temporary));

  net::Request request;
  request.url = "http://" + source.address + ":" + std::to_string(source.port) + "/v1/weights/" +
                std::to_string(source.generation);
  request.headers.Add("Authorization", "Bearer " + source.token);
  request.timeout = options.timeout;
  request.max_response_bytes = kMaxWeightBytes;

  std::unique_ptr<AppendFile> file;
  std::uint32_t crc = 0;
  const auto sink = [&](std::string_view piece) -> Status {
    if (!file) {
      EOA_ASSIGN_OR_RETURN(file, files.OpenForAppend(temporary));
    }
    crc = Crc32(piece, crc);
    return file->Append(piece);
  };
  const auto fail = [&](Error error) -> Error {
    file.reset();
    if (const Status removed = files.Remove(temporary); !removed.ok()) return removed.error();
    return std::move(error).WithContext("weights of " + source.population);
  };

  const Result<net::Response> response = http.Stream(request, sink, cancellation);
  if (!response.ok()) return fail(response.error());
  if (response->status != 200) return fail(ErrorOfAnswer(*response));
  std::string_view etag = response->headers.Get("ETag");
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  const Result<std::uint32_t> expected = ParseCrc(etag);
  if (!expected.ok()) return fail(expected.error());
  if (*expected != crc || !file)
    return fail(DataLossError("got " + FormatCrc(crc) + ", sent was " + FormatCrc(*expected)));
  file.reset();
  // Not synced: after a crash the attempt starts anew and fetches again.
  if (const Status renamed = files.Rename(temporary, path); !renamed.ok()) return fail(renamed.error());
  return path;
}

Result<std::unique_ptr<WeightServer>> WeightServer::Start(const std::string& listen, std::string token,
                                                          FileSystem& files) {
  auto server = std::make_unique<WeightServerImpl>(std::move(token), files);
  EOA_RETURN_IF_ERROR(server->Listen(listen));
  return std::unique_ptr<WeightServer>(std::move(server));
}

}  // namespace eoa::agent
