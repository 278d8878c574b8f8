// JpegScansAreWhole: tells superfluous bytes between a JPEG's parts from damage.
//
// A decoder that has lost its place in damaged data still ends after the right number of blocks, with bytes left over
// before the next marker, just as if somebody had put superfluous bytes there. Here the codes are read without making
// pixels of them: in whole data every block ends within its bounds, no brightness goes beyond the possible, the last
// byte is filled up with ones (ITU-T T.81, F.1.2.3), and what follows up to the marker is no further blocks.
#pragma once

#include <cstdint>
#include <span>

namespace eoa::train {

// For a file whose pixels libjpeg has decoded. False also for what is not looked into: arithmetic codes.
bool JpegScansAreWhole(std::span<const std::uint8_t> file);

}  // namespace eoa::train
