#include "cli/run/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <utility>

namespace eoa::local {

Result<std::shared_ptr<const RunLock>> RunLock::Take(const std::string& directory) {
  Descriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return ErrnoError(errno, "opening " + directory);
  std::shared_ptr<const RunLock> lock(new RunLock(std::move(folder)));
  if (::flock(lock->folder_.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) return UnavailableError("another `eoa run` is at work in '" + directory + "'");
  // Some network file systems have no locks: better without one than not at all.
  if (errno == ENOLCK || errno == EOPNOTSUPP || errno == EINVAL) return lock;
  return ErrnoError(errno, "locking " + directory);
}

}  // namespace eoa::local
