#include "cli/run/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace eoa::local {

Result<std::shared_ptr<const RunLock>> RunLock::Take(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoError(errno, "opening " + directory);
  std::shared_ptr<const RunLock> lock(new RunLock(fd));
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) return UnavailableError("another `eoa run` is at work in '" + directory + "'");
  // Some network file systems have no locks: better without one than not at all.
  if (errno == ENOLCK || errno == EOPNOTSUPP || errno == EINVAL) return lock;
  return ErrnoError(errno, "locking " + directory);
}

RunLock::~RunLock() { ::close(fd_); }

}  // namespace eoa::local
