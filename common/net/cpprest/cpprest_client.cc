#include "common/net/cpprest/cpprest_client.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <utility>
#include <vector>

#include <cpprest/http_client.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <pplx/threadpool.h>
#include <boost/asio/ssl/context.hpp>

#include "common/base/mutex.h"
#include "common/base/recent_map.h"
#include "common/net/cpprest/transfer.h"
#include "common/net/header_check.h"

namespace eoa::net {
namespace {

namespace rest = web::http;
using OriginClient = rest::client::http_client;

// For what the library does for calls that were given up, before a client goes.
constexpr auto kDrainPatience = std::chrono::seconds(2);

// More threads would let cancels and timeouts run beside a TLS connection's own steps, which the library does not
// survive.
void StartLibrary() {
  static std::once_flag once;
  std::call_once(once, [] {
    crossplat::threadpool::initialize_with_threads(1);
    // Made by whoever asks first, behind a lock that no tool sees.
    (void)pplx::get_ambient_scheduler();
  });
}

void OnLibraryThread(std::function<void()> task) {
  crossplat::threadpool::shared_instance().service().post(std::move(task));
}

// Runs for each new connection on the library's thread. A boost::system::system_error becomes the request's failure.
void SetUpTls(boost::asio::ssl::context& context, const TlsSource& source) {
  using boost::asio::buffer;
  context.set_options(boost::asio::ssl::context::no_tlsv1 | boost::asio::ssl::context::no_tlsv1_1 |
                      boost::asio::ssl::context::no_sslv3);
  const std::shared_ptr<const TlsIdentity> identity = source();
  if (!identity) {
    throw boost::system::system_error(boost::system::errc::make_error_code(boost::system::errc::permission_denied),
                                      "no TLS identity");
  }
  if (!identity->authorities.empty()) {
    // The library has put the system's authorities there.
    SSL_CTX_set_cert_store(context.native_handle(), X509_STORE_new());
    context.add_certificate_authority(buffer(identity->authorities));
  }
  if (!identity->certificate.empty()) {
    context.use_certificate_chain(buffer(identity->certificate));
    context.use_private_key(buffer(identity->key), boost::asio::ssl::context::pem);
  }
}

struct Target {
  std::string origin;    // scheme://host:port
  std::string resource;  // path and query
};

Result<Target> ParseUrl(const std::string& url) {
  const auto refuse = [&](const std::string& why) { return InvalidArgumentError("URL '" + url + "' " + why); };
  try {
    const web::uri uri(url);
    if (uri.scheme() != "http" && uri.scheme() != "https") return refuse("must start with http:// or https://");
    if (uri.host().empty()) return refuse("has no host");
    if (!uri.user_info().empty()) return refuse("must not hold a user name or password");
    if (uri.host().front() == '[') return refuse("holds an IPv6 address, which is not supported: use a name");
    if (uri.port() > 65535) return refuse("has a port above 65535");
    Target target{uri.scheme() + "://" + uri.host(), uri.resource().to_string()};
    if (uri.port() > 0) target.origin += ":" + std::to_string(uri.port());
    return target;
  } catch (const std::exception& error) {
    return refuse(std::string("is malformed: ") + error.what());
  }
}

Result<rest::http_request> BuildRequest(const Request& request, const Target& target, const CpprestOptions& options) {
  rest::http_request built(request.method);
  try {
    built.set_request_uri(web::uri(target.resource));
  } catch (const std::exception& error) {
    return InvalidArgumentError("URL '" + request.url + "' is malformed: " + error.what());
  }
  if (!IsHeaderName(request.method)) return InvalidArgumentError("HTTP method '" + request.method + "' is malformed");
  if (!request.body.empty()) built.set_body(std::vector<unsigned char>(request.body.begin(), request.body.end()));
  for (const auto& [name, value] : request.headers) {
    if (!IsHeaderName(name)) return InvalidArgumentError("header name '" + name + "' is malformed");
    // The value may be a secret, so it is not shown.
    if (!IsHeaderValue(value))
      return InvalidArgumentError("the value of header " + name + " holds a control character");
    for (const std::string_view own : {"Host", "Content-Length", "Transfer-Encoding", "Connection"}) {
      if (EqualIgnoringCase(name, own)) return InvalidArgumentError("header " + name + " is set by the client itself");
    }
    if (EqualIgnoringCase(name, "Content-Type")) {
      built.headers().set_content_type(value);
    } else {
      built.headers().add(name, value);
    }
  }
  if (!request.headers.Has("User-Agent")) built.headers()["User-Agent"] = options.user_agent;
  // The library checks the server's certificate against this header.
  if (!options.tls_server_name.empty()) built.headers()["Host"] = options.tls_server_name;
  return built;
}

class CpprestClient final : public HttpClient {
 public:
  explicit CpprestClient(CpprestOptions options)
      : options_(std::move(options)), origins_(std::max<std::size_t>(options_.max_origins, 1)) {
    StartLibrary();
  }

  ~CpprestClient() override {
    origins_.Clear();
    in_flight_->WaitForNone(kDrainPatience);
    // What was posted before, the end of the connections among it, is done once this is.
    const auto flushed = std::make_shared<std::promise<void>>();
    std::future<void> done = flushed->get_future();
    OnLibraryThread([flushed] {
      // What OpenSSL keeps for this thread; at the end of the process it would be too late.
      OPENSSL_thread_stop();
      flushed->set_value();
    });
    done.wait_for(kDrainPatience);
  }

  Result<Response> Send(const Request& request, Cancellation* cancellation) override {
    return Call(request, nullptr, cancellation);
  }

  Result<Response> Stream(const Request& request, const BodySink& sink, Cancellation* cancellation) override {
    return Call(request, &sink, cancellation);
  }

 private:
  struct Origin {
    std::shared_ptr<OriginClient> client;
    std::shared_ptr<const TlsIdentity> identity;  // that its connections were made with
  };

  struct Outcome {
    Result<Response> response;
    bool may_repeat = false;  // the request did not reach the server whole
  };

  Result<Response> Call(const Request& request, const BodySink* sink, Cancellation* cancellation) {
    const SteadyTime now = RealClock().SteadyNow();
    const SteadyTime deadline = request.timeout < SteadyTime::max() - now ? now + request.timeout : SteadyTime::max();
    EOA_ASSIGN_OR_RETURN(const Target target, ParseUrl(request.url));
    EOA_ASSIGN_OR_RETURN(const rest::http_request built, BuildRequest(request, target, options_));
    Outcome outcome = Exchange(request, target, built, sink, cancellation, deadline);
    // A kept-alive connection that the server has closed shows only when it is written to.
    if (outcome.may_repeat && (request.method == "GET" || request.method == "HEAD")) {
      EOA_ASSIGN_OR_RETURN(const rest::http_request again, BuildRequest(request, target, options_));
      outcome = Exchange(request, target, again, sink, cancellation, deadline);
    }
    return std::move(outcome.response);
  }

  Outcome Exchange(const Request& request, const Target& target, const rest::http_request& built, const BodySink* sink,
                   Cancellation* cancellation, SteadyTime deadline) {
    const auto transfer = std::make_shared<Transfer>(target.origin);
    std::shared_ptr<void> registration;
    if (cancellation != nullptr) {
      if (cancellation->cancelled()) return {CancelledError("the request to " + target.origin + " was cancelled")};
      registration = cancellation->OnCancel([transfer] { transfer->Cancel(); });
    }
    const std::shared_ptr<OriginClient> client = ClientFor(target.origin);
    try {
      transfer->Start(*client, built, in_flight_);
    } catch (const std::exception& error) {
      return {InternalError(std::string("the HTTP library refused the request: ") + error.what())};
    }
    Response response;
    std::size_t received = 0;
    for (;;) {
      const SteadyTime patience =
          request.silence > Duration::zero() ? std::min(deadline, RealClock().SteadyNow() + request.silence) : deadline;
      Result<Transfer::Event> event = transfer->Next(patience);
      if (!event.ok() && event.error().code() == ErrorCode::kDeadlineExceeded && patience < deadline) {
        return {UnavailableError(target.origin + " has been silent for " +
                                 std::to_string(static_cast<std::int64_t>(ToSeconds(request.silence))) + " s")};
      }
      if (!event.ok()) return {std::move(event).error()};
      if (event->header) {
        response = *std::move(event->header);
        if (response.status < 200 || response.status > 599) {
          // The library takes an interim answer for the final one; the final one would be taken for the next request's.
          Forget(target.origin, client);
          transfer->GiveUp();
          return {DataLossError(target.origin + " answered with status " + std::to_string(response.status) +
                                ", which is not a final answer")};
        }
      }
      received += event->piece.size();
      if (received > request.max_response_bytes) {
        transfer->GiveUp();
        return {ResourceExhaustedError("the answer of " + target.origin + " is larger than the " +
                                       std::to_string(request.max_response_bytes) + " bytes allowed")};
      }
      if (sink == nullptr || response.status >= 300) {
        response.body += event->piece;
      } else if (!event->piece.empty()) {
        if (Status taken = (*sink)(event->piece); !taken.ok()) {
          transfer->GiveUp();
          return {std::move(taken).error()};
        }
      }
      if (event->failure) return {std::move(event->failure->error), event->failure->in_request};
      if (event->done) return {std::move(response)};
    }
  }

  std::shared_ptr<OriginClient> ClientFor(const std::string& origin) {
    std::shared_ptr<const TlsIdentity> identity = options_.tls ? options_.tls() : nullptr;
    const MutexLock lock(mutex_);
    Origin& entry = origins_[origin];
    // Kept-alive connections are known to the server by what we showed when they began.
    if (entry.client && entry.identity != identity) entry.client.reset();
    entry.identity = std::move(identity);
    if (!entry.client) {
      rest::client::http_client_config config;
      config.set_max_redirects(0);
      // The library's timeout is for silence only and belongs to the connection, not to the call; the calls have
      // deadlines.
      config.set_timeout(std::chrono::hours(24));
      config.set_validate_certificates(options_.tls_verify);
      if (options_.tls) {
        config.set_ssl_context_callback(
            [source = options_.tls](boost::asio::ssl::context& context) { SetUpTls(context, source); });
      }
      // Destroyed on the library's thread, where its connections are used.
      entry.client = {new OriginClient(origin, config),
                      [](OriginClient* gone) { OnLibraryThread([gone] { delete gone; }); }};
    }
    return entry.client;
  }

  void Forget(const std::string& origin, const std::shared_ptr<OriginClient>& client) {
    const MutexLock lock(mutex_);
    const Origin* const entry = origins_.Find(origin);
    if (entry != nullptr && entry->client == client) origins_.Erase(origin);
  }

  const CpprestOptions options_;
  const std::shared_ptr<InFlight> in_flight_ = std::make_shared<InFlight>();
  Mutex mutex_;
  RecentMap<std::string, Origin> origins_ GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<HttpClient> MakeCpprestClient(CpprestOptions options) {
  return std::make_unique<CpprestClient>(std::move(options));
}

}  // namespace eoa::net
