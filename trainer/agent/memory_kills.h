// CountMemoryKills: how many processes of this container the kernel has ended because the container was out of memory.
//
// A container's state says OOMKilled only once its first process, here the agent, has ended too, and a worker that was
// killed cannot say why; the agent asks the container's cgroup. Source: Linux, Documentation/admin-guide/cgroup-v2.rst
// (memory.events) and cgroup-v1/memory.rst (memory.oom_control), both with a line `oom_kill N`.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/file_system.h"

namespace eoa::agent {

// `cgroups`: where the container sees its own cgroup. 0 where there is none, as outside of containers.
std::int64_t CountMemoryKills(FileSystem& files, const std::string& cgroups = "/sys/fs/cgroup");

}  // namespace eoa::agent
