#pragma once

namespace eoa::train {

// Makes the process keep memory that it frees, for its next allocations. By default glibc gives large blocks back to
// the system and takes new ones for every activation of every step; zeroing their pages again is a tenth of a training
// step on the CPU. The process stays as large as it ever was. To be called once, when the program starts.
void KeepFreedMemory();

}  // namespace eoa::train
