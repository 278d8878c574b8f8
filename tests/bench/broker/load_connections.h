// Many HTTP/1.1 connections on one thread: each sends its request and reads the answer, over and over or once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace eoa::bench {

class LoadConnections {
 public:
  // One kept-alive connection to 127.0.0.1:port for each request. Ends the process with a message when one cannot be
  // opened.
  LoadConnections(std::uint16_t port, std::vector<std::string> requests);
  ~LoadConnections();
  LoadConnections(const LoadConnections&) = delete;
  LoadConnections& operator=(const LoadConnections&) = delete;

  // Every connection sends its request, and again whenever it was answered, for this long. The latencies of all
  // answers, ascending, in seconds.
  std::vector<double> Run(std::chrono::nanoseconds duration);

  // As Run, but requests are due at a fixed rate, each on any connection that is free. Latencies count from when a
  // request was due, so that a server that cannot keep up does not hide it.
  std::vector<double> RunAtRate(double per_second, std::chrono::nanoseconds duration);

  // Every connection sends its request once.
  void SendAll();

  // Reads until all that was sent is answered, or the time is up. How many answers came.
  std::size_t ReceiveAll(std::chrono::nanoseconds limit);

  // Answers whose status was not 200.
  std::size_t failures() const { return failures_; }

 private:
  struct Connection {
    int descriptor = -1;
    std::string request;
    std::string received;
    std::chrono::steady_clock::time_point sent;
    bool waiting = false;
  };

  void Send(Connection& connection);
  // True when the answer is complete.
  bool Receive(Connection& connection);

  int poller_;
  std::vector<Connection> connections_;
  std::size_t failures_ = 0;
};

}  // namespace eoa::bench
