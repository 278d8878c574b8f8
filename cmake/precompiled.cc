// Nothing: the headers that CMake adds to it are the point (cmake/EoaTargets.cmake, eoa_precompiled).
