// The HttpClient that programs use: cpprestsdk 2.10 behind the five seams' interface. Only this folder includes
// cpprestsdk.
//
// What the library does by itself and callers must live with:
// - When the server closes a kept-alive connection just as a request goes out on it, the request is sent once more,
//   whatever its method: every request must be idempotent.
// - The header of an answer, and a single chunk of a chunked one, are buffered whole before max_response_bytes can stop
//   them; the deadline can.
// - No IPv6 literals in URLs; trailers are dropped. Deadlines are real time: the library's sockets know no Clock.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "common/net/http_client.h"
#include "common/net/tls.h"

namespace eoa::net {

struct CpprestOptions {
  std::string user_agent = "eoa";

  // For https; empty: the system's authorities, no certificate of ours.
  TlsSource tls = nullptr;
  std::string tls_server_name{};  // the name that the server's certificate must hold; empty: the URL's host
  bool tls_verify = true;         // false: any server is believed
  std::size_t max_origins = 64;   // scheme://host:port with kept-alive connections; the least recently used goes first
};

// All clients of the process share one thread of the library. No call may be running when a client is destroyed; the
// destructor waits shortly for what the library still does for calls that were given up.
std::unique_ptr<HttpClient> MakeCpprestClient(CpprestOptions options = {});

}  // namespace eoa::net
