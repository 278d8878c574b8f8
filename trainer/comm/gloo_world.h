// GlooWorld: the processes of one attempt, meeting at a store and grouped into Comms (c10d's TCPStore, ProcessGroupGloo
// and Reducer).
//
// The member of world rank 0 serves the store on a socket that it inherited bound and listening, so that no port can be
// taken in between and early peers wait in the socket's queue. Keys carry the attempt: nobody of an older attempt can
// meet this one. Thread-safety: none; one owner thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "trainer/comm/comm.h"

namespace eoa::train {

struct GlooWorldOptions {
  std::string store_host;  // where world rank 0 listens
  int store_port = 0;
  int store_descriptor = -1;  // world rank 0 only: the listening socket; owned by the world from now on
  int rank = 0;               // within the world
  int size = 0;               // of the world, at least 2
  int attempt = 0;
  std::chrono::seconds timeout{};  // of meeting, and of each collective
};

class GlooWorld {
 public:
  virtual ~GlooWorld() = default;

  // Returns once all members of the world have met. Unavailable when they have not within the timeout.
  static Result<std::unique_ptr<GlooWorld>> Join(const GlooWorldOptions& options);

  // A group of `size` members, of whom this is `rank`; each of them calls this with the same name. Peers connect to
  // each other over the interface on which this one reaches the store. The world must outlive the group.
  virtual Result<std::unique_ptr<Comm>> MakeGroup(const std::string& name, int rank, int size) = 0;
};

}  // namespace eoa::train
