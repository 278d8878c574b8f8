// RawSocket: a TCP peer without manners, for what no well-behaved library would send. Every wait ends after kPatience.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace eoa::net {

inline constexpr std::chrono::seconds kPatience{10};

// Thread-safety: one owner at a time. Failures are GoogleTest failures.
class RawSocket {
 public:
  // Connects to 127.0.0.1, from any address of the loopback network.
  static RawSocket ConnectTo(std::uint16_t port, const char* from = "127.0.0.1");
  explicit RawSocket(int descriptor) : descriptor_(descriptor) {}
  RawSocket(RawSocket&& other) noexcept;
  RawSocket& operator=(RawSocket&& other) noexcept;
  ~RawSocket();

  // False when the peer does not take it (any more).
  bool Send(std::string_view data);

  // Reads until `end` has come (it may be followed by more), or the connection ends, or `most` bytes are there.
  std::string ReadUntil(std::string_view end, std::size_t most = std::size_t{1} << 30);

  // Reads to the end of the connection.
  std::string ReadAll();

  // Reads one HTTP answer with a Content-Length.
  std::string ReadAnswer();

  // True when the peer closes or resets within `wait`; what it sends before is thrown away.
  bool ClosedWithin(std::chrono::milliseconds wait);

  void ShutdownSend();
  void Close();
  // Close() with a reset in place of a goodbye.
  void Reset();

 private:
  bool WaitReadable(std::chrono::steady_clock::time_point deadline) const;

  int descriptor_;
  std::string ahead_;  // read, not yet returned
};

// Listens on a free port of 127.0.0.1.
class RawListener {
 public:
  RawListener();
  ~RawListener();
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  std::uint16_t port() const { return port_; }
  RawSocket Accept();

  // True when somebody connects within `wait`; Accept then returns at once.
  bool HasConnection(std::chrono::milliseconds wait) const;

 private:
  int descriptor_;
  std::uint16_t port_ = 0;
};

}  // namespace eoa::net
